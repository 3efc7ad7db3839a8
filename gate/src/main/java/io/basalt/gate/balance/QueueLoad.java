package io.basalt.gate.balance;

/// What one queue asked of its reactor during a period.
///
/// @param controller name of its controller
/// @param queue number in the device
/// @param reactor id of the reactor that it lives on
/// @param cost of its requests, in any unit that is the same for all queues
public record QueueLoad(String controller, int queue, int reactor, double cost) {}
