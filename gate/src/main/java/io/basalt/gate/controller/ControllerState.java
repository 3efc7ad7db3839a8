package io.basalt.gate.controller;

/// Where a controller is in its life.
///
/// ```
///   IDLE ──front end connects──▶ SERVING ──session released──▶ IDLE
///    │                              │
///    │ delete                       │ delete
///    ▼                              ▼
///   GONE ◀──session released──── DELETING
///
///   in the old gate of a hand-over:  IDLE, SERVING ──suspend──▶ SUSPENDED ──resume──▶ IDLE, SERVING
///                                                                  └──────surrender──▶ GONE
///   in the new gate:                 STANDBY ──begin──▶ IDLE, SERVING;  STANDBY ──surrender──▶ GONE
/// ```
enum ControllerState {
    /// Waits for a front end.
    IDLE,
    /// A session exists, perhaps one that is just being released.
    SERVING,
    /// Takes no more front ends; the session is being released.
    DELETING,
    /// On its way to another process: the session, if there is one, is let go of.
    SUSPENDED,
    /// Made to take over: another process still owns what is prepared here.
    STANDBY,
    /// Socket, session and claim are given back.
    GONE;

    boolean canBecome(ControllerState next) {
        return switch (this) {
            case IDLE -> next == SERVING || next == SUSPENDED || next == GONE;
            case SERVING -> next == IDLE || next == SUSPENDED || next == DELETING;
            case SUSPENDED, STANDBY -> next == IDLE || next == SERVING || next == GONE;
            case DELETING -> next == GONE;
            case GONE -> false;
        };
    }
}
