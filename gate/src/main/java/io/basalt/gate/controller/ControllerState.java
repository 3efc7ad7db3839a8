package io.basalt.gate.controller;

/// Where a controller is in its life.
///
/// ```
///   IDLE ──front end connects──▶ SERVING ──session released──▶ IDLE
///    │                              │
///    │ delete                       │ delete
///    ▼                              ▼
///   GONE ◀──session released──── DELETING
/// ```
enum ControllerState {
    /// Waits for a front end.
    IDLE,
    /// A session exists, perhaps one that is just being released.
    SERVING,
    /// Takes no more front ends; the session is being released.
    DELETING,
    /// Socket, session and claim are given back.
    GONE;

    boolean canBecome(ControllerState next) {
        return switch (this) {
            case IDLE -> next == SERVING || next == GONE;
            case SERVING -> next == IDLE || next == DELETING;
            case DELETING -> next == GONE;
            case GONE -> false;
        };
    }
}
