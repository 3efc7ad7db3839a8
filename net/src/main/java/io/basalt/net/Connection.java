package io.basalt.net;

/// One authenticated connection to a peer, on one reactor: carries requests both ways. Every method belongs to that
/// reactor's thread.
///
/// Implementations: `net.tcp` (io_uring), `net.sim`. Requests are delivered in the order they were sent, answers
/// come in any order. A connection that was lost never comes back: who needs the peer again opens another one.
public interface Connection {
    /// Start a request. Allocates nothing, blocks never.
    ///
    /// @return false, and nothing happens, if the peer's credits are used up or the connection is not ready: try
    ///     again after a call has completed
    boolean send(Call call);

    /// Where the connection is in its life.
    ConnectionState state();

    /// The peer as it has proved to be; meaningful once the connection is ready.
    PeerIdentity peer();

    /// Bytes of the longest payload that the peer receives with a request; meaningful once the connection is ready.
    int payloadBytesMax();

    /// Requests sent and not completed.
    int inFlight();

    /// Give the connection up: every call under way completes with [CallStatus#DISCONNECTED] from a later poll,
    /// then the listener hears of the end.
    void close();
}
