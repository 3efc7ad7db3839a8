package io.basalt.gate.balance;

/// A queue that is to live elsewhere.
///
/// @param load the queue, where it lives now
/// @param target id of the reactor to live on
public record QueueMove(QueueLoad load, int target) {}
