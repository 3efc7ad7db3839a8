package io.basalt.chunk;

import java.util.EnumSet;
import java.util.Set;

/// What one device is to one placement group.
///
/// ```
///                 ┌──────────┐   named in a map    ┌───────────┐  in sync again   ┌───────────┐
///                 │  ABSENT  │ ──────────────────▶ │ LEFT_OUT  │ ───────────────▶ │ SECONDARY │
///                 └──────────┘                     └───────────┘ ◀─────────────── └───────────┘
///                                                        ▲         missed a write   │      ▲
///                                                        │        first in the order│      │ another is first,
///                                                        │                          ▼      │ or follows a newer
///   ┌─────────┐  copies brought   ┌─────────────┐   every copy follows   ┌───────────┐     │ primary
///   │ SERVING │ ◀──── together ── │ RECONCILING │ ◀───────────────────── │ PREPARING │ ────┤
///   └─────────┘                   └─────────────┘ ─── a copy was lost ─▶ └───────────┘     │
///        │                               │                                                 │
///        └───────────────────────────────┴─────────────────────────────────────────────────┘
/// ```
/// Every state may also become ABSENT or LEFT_OUT when a map says so, and ABSENT any state that a map says.
public enum PgState {
    /// No copy is here, or no map has been seen since the process began: every request is refused.
    ABSENT,
    /// A copy is here that may have missed writes: it serves nothing, and takes what a primary sends to repair it.
    LEFT_OUT,
    /// A good copy: applies what the primary that it follows sends.
    SECONDARY,
    /// The primary, until every in-sync copy has promised to follow it. Clients are told to try again.
    PREPARING,
    /// The primary, while it brings the in-sync copies to the newest version found. Clients are told to try again.
    RECONCILING,
    /// The primary: takes requests; reads under a lease.
    SERVING;

    /// Whether the device is the primary.
    public boolean isPrimary() {
        return this == PREPARING || this == RECONCILING || this == SERVING;
    }

    /// Whether this state may follow.
    public boolean canBecome(PgState next) {
        return successors().contains(next);
    }

    private Set<PgState> successors() {
        return switch (this) {
            case ABSENT -> EnumSet.of(LEFT_OUT, SECONDARY, PREPARING);
            case LEFT_OUT, SECONDARY -> EnumSet.of(ABSENT, LEFT_OUT, SECONDARY, PREPARING);
            case PREPARING -> EnumSet.of(ABSENT, LEFT_OUT, SECONDARY, RECONCILING);
            case RECONCILING -> EnumSet.of(ABSENT, LEFT_OUT, SECONDARY, PREPARING, SERVING);
            case SERVING -> EnumSet.of(ABSENT, LEFT_OUT, SECONDARY);
        };
    }
}
