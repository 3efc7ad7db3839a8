package io.basalt.virtio.blk;

/// Where a [BlkQueue] is in its life.
///
/// ```
///             start                change that must wait
///  STOPPED ──────────▶ RUNNING ─────────────────────────▶ CHANGING
///     ▲                  │  ▲                               │ │ │
///     │                  │  └───────────────────────────────┘ │ │
///     │             stop,│        nothing in flight: swapped, │ │
///     │           abandon│                       acknowledged │ │
///     │                  ▼            stop, abandon           │ │
///     └────────────── STOPPING ◀──────────────────────────────┘ │
///   nothing in flight    ▲                                      │
///                        │ stop, abandon                        │
///                      BROKEN ◀─── the ring or the memory ──────┘
///                                  failed (also from RUNNING)
/// ```
public enum BlkQueueState {
    /// No ring. Nothing in guest memory is touched.
    STOPPED,
    /// Requests are taken (if the front end has enabled the ring) and answered.
    RUNNING,
    /// No requests are taken; those in flight finish, then a new setup takes effect.
    CHANGING,
    /// No requests are taken; those in flight finish, then the queue is stopped.
    STOPPING,
    /// The ring or guest memory cannot be used any more. Requests in flight finish; the front end has to stop the
    /// queue.
    BROKEN;

    /// Whether the drawing has an arrow from this state to another.
    public boolean canBecome(BlkQueueState next) {
        return switch (this) {
            case STOPPED -> next == RUNNING;
            case RUNNING -> next == CHANGING || next == STOPPING || next == BROKEN;
            case CHANGING -> next == RUNNING || next == STOPPING || next == BROKEN;
            case STOPPING -> next == STOPPED;
            case BROKEN -> next == STOPPING;
        };
    }
}
