package io.basalt.virtio.vhostuser;

/// Where one ring stands; whether it is enabled is independent of this (vhost-user, "Ring states").
///
/// ```
///   STOPPED ──SET_VRING_KICK──▶ STARTING ──acknowledged──▶ STARTED
///      ▲ ▲                         │                          │
///      │ └────────refused──────────┤                          │ GET_VRING_BASE, reset, close, suspend
///      ├──────────────stopped──────┼──── STOPPING ◀───────────┘
///      │                           │        │ stopped, to go on elsewhere or later
///      │                        start again │
///      │                           │        ▼
///      └──────────released─────────┴───── PARKED
/// ```
public enum RingState {
    /// No owner; the setup may change freely.
    STOPPED,
    /// Handed to its owner, which has not acknowledged yet.
    STARTING,
    /// Run by its owner; size, addresses and base are frozen.
    STARTED,
    /// Its owner finishes what is in flight.
    STOPPING,
    /// No owner while its session is suspended; it goes on where it stopped.
    PARKED;

    /// Whether a state may follow this one.
    boolean mayBecome(RingState next) {
        return switch (this) {
            case STOPPED -> next == STARTING;
            case STARTING -> next == STARTED || next == STOPPED;
            case STARTED -> next == STOPPING;
            case STOPPING -> next == STOPPED || next == PARKED;
            case PARKED -> next == STARTING || next == STOPPED;
        };
    }
}
