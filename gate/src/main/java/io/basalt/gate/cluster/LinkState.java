package io.basalt.gate.cluster;

import java.util.EnumSet;
import java.util.Set;

/// The life of a [ChunkLink].
///
/// ```
///  IDLE ──▶ CONNECTING ──▶ READY
///              ▲   │          │
///              │   ▼          │
///          BACKING_OFF ◀──────┘ lost, or refused
///
///  every state ──▶ CLOSED
/// ```
public enum LinkState {
    /// Nobody has needed it yet.
    IDLE,
    /// A connection is being made.
    CONNECTING,
    /// Requests go.
    READY,
    /// Between two attempts to connect.
    BACKING_OFF,
    /// No map names the address any more, or the gate stops.
    CLOSED;

    /// Whether this state may follow.
    boolean canBecome(LinkState next) {
        return next == CLOSED ? this != CLOSED : successors().contains(next);
    }

    private Set<LinkState> successors() {
        return switch (this) {
            case IDLE, BACKING_OFF -> EnumSet.of(CONNECTING);
            case CONNECTING -> EnumSet.of(READY, BACKING_OFF);
            case READY -> EnumSet.of(BACKING_OFF);
            case CLOSED -> EnumSet.noneOf(LinkState.class);
        };
    }
}
