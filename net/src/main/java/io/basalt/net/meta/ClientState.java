package io.basalt.net.meta;

import java.util.EnumSet;
import java.util.Set;

/// Where a [MetaClient] is in its conversation with the metaserver.
///
/// ```
///  STOPPED ──▶ WAITING ──▶ CONNECTING ──▶ REGISTERING ──▶ SUBSCRIBING ──▶ READY
///                 ▲            │               │               │            │
///                 └────────────┴── connection lost, or refused ┴────────────┘
///  every state ──▶ STOPPED
/// ```
enum ClientState {
    /// Not started, or closed.
    STOPPED,
    /// Between two attempts.
    WAITING,
    /// A connection is being made.
    CONNECTING,
    /// The node says what it is.
    REGISTERING,
    /// The node asks for the maps.
    SUBSCRIBING,
    /// Requests go out as they come.
    READY;

    boolean canBecome(ClientState next) {
        return next == STOPPED || successors().contains(next);
    }

    private Set<ClientState> successors() {
        return switch (this) {
            case STOPPED -> EnumSet.of(WAITING);
            case WAITING -> EnumSet.of(CONNECTING);
            case CONNECTING -> EnumSet.of(REGISTERING, WAITING);
            case REGISTERING -> EnumSet.of(SUBSCRIBING, WAITING);
            case SUBSCRIBING -> EnumSet.of(READY, WAITING);
            case READY -> EnumSet.of(WAITING);
        };
    }
}
