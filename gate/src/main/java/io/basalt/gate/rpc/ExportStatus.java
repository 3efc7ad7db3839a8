package io.basalt.gate.rpc;

import java.util.List;

/// What an NBD export is now.
///
/// @param spec what it was asked to be
/// @param sizeBytes size that clients are told which connect now
/// @param connections clients that have chosen it
public record ExportStatus(ExportSpec spec, long sizeBytes, List<Connection> connections) {
    public ExportStatus {
        connections = List.copyOf(connections);
    }

    /// One client's connection.
    ///
    /// @param peer where the client is, for people
    /// @param style how it and the gate talk: SIMPLE, STRUCTURED or EXTENDED
    /// @param reactor id of the reactor that it lives on
    /// @param requests requests answered
    public record Connection(String peer, String style, int reactor, long requests) {}
}
