package io.basalt.gate.controller;

/// Where a [QueuePlace] is between two data reactors.
///
/// ```
///            move: told to stop there
///  SETTLED ──────────────────────────▶ LEAVING
///   ▲   ▲                               │   │
///   │   └───────────────────────────────┘   │ stopped
///   │     stopped, and not to run again     ▼
///   └─────────────────────────────────── ARRIVING
///               runs, or cannot
/// ```
///
/// A place begins as ARRIVING, with its first start.
enum PlaceState {
    /// On one reactor, whether it runs there or not.
    SETTLED,
    /// What is in flight on the old reactor finishes; nothing more is taken.
    LEAVING,
    /// Told to start on the new reactor.
    ARRIVING;

    /// Whether the drawing has an arrow from this state to another.
    boolean canBecome(PlaceState next) {
        return switch (this) {
            case SETTLED -> next == LEAVING;
            case LEAVING -> next == SETTLED || next == ARRIVING;
            case ARRIVING -> next == SETTLED;
        };
    }
}
