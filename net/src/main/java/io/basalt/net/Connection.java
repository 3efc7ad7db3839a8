package io.basalt.net;

import io.basalt.wire.ProtocolVersions;

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

    /// The version of the protocol that both sides speak (see [ProtocolVersions]); meaningful once the connection is
    /// ready. What a peer of an older version does not know must not be sent to it.
    default int version() {
        return ProtocolVersions.CURRENT.most();
    }

    /// Bytes of the longest payload that the peer receives with a request; meaningful once the connection is ready.
    int payloadBytesMax();

    /// Requests sent and not completed.
    int inFlight();

    /// Whether the connection is over because the peer has closed its end, or the peer's process is gone: the end
    /// of the stream came from the peer's own kernel. False while the connection lasts, and if it was lost on the
    /// way or given up here. See docs/THREAT_MODEL.md for what this takes for granted.
    boolean endedByPeer();

    /// Give the connection up: every call under way completes with [CallStatus#DISCONNECTED] from a later poll,
    /// then the listener hears of the end.
    void close();
}
