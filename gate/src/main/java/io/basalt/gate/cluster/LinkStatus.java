package io.basalt.gate.cluster;

/// How one connection to a chunk reactor does, read without order, for operators.
///
/// @param address `host:port`, as the map has it
/// @param inFlight requests sent and not answered
/// @param waiting pieces of requests that wait for the connection or its credits
/// @param reason of the last loss; empty if there was none
public record LinkStatus(String address, LinkState state, int inFlight, int waiting, String reason) {}
