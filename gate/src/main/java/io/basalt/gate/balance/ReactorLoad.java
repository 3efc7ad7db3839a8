package io.basalt.gate.balance;

/// How busy a data reactor was during a period.
///
/// @param id of the reactor
/// @param busy share of its time in passes that did work, 0 to 1
public record ReactorLoad(int id, double busy) {}
