package io.basalt.net;

import java.util.EnumSet;
import java.util.Set;

/// The life of a [Connection].
///
/// ```
/// CONNECTING ──▶ AUTHENTICATING ──▶ READY
///      │               │              │
///      └───────────────┴──────────────┴──▶ CLOSING ──▶ CLOSED
/// ```
public enum ConnectionState {
    /// The transport is being set up.
    CONNECTING,
    /// Both sides prove that they have the cluster's key. Nothing is allocated for the peer.
    AUTHENTICATING,
    /// Requests go both ways.
    READY,
    /// Lost or given up: calls under way are being completed.
    CLOSING,
    /// Over: no callback comes any more.
    CLOSED;

    /// Whether this state may follow.
    public boolean canBecome(ConnectionState next) {
        return successors().contains(next);
    }

    private Set<ConnectionState> successors() {
        return switch (this) {
            case CONNECTING -> EnumSet.of(AUTHENTICATING, CLOSING);
            case AUTHENTICATING -> EnumSet.of(READY, CLOSING);
            case READY -> EnumSet.of(CLOSING);
            case CLOSING -> EnumSet.of(CLOSED);
            case CLOSED -> EnumSet.noneOf(ConnectionState.class);
        };
    }
}
