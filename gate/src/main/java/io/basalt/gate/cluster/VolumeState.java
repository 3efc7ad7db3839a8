package io.basalt.gate.cluster;

import java.util.EnumSet;
import java.util.Set;

/// The life of a [ClusterVolume]: whether this gate has the attachment, and may take it from another one.
///
/// ```
///                rings start                granted
///  STANDBY ───────────────────▶ ATTACHING ──────────▶ ATTACHED ◀────────────┐
///     ▲ ▲                        │  ▲ │ ▲               │  │                │ other rings start, or the
///     │ └── the guest is gone ───┘  │ │ │               │  │ the guest      │ session ends: nobody else
///     │     before that             │ │ │ the same      │  │ is about       │ has the volume
///     │                             │ │ │ rings start   │  ▼ to move        │
///     │                             │ │ └──────────────────LEFT ────────────┘
///     │                             │ └─▶ REFUSED       │  │
///     │ operator: a guest           │                   │  │ the same: another gate has it
///     │ will come       operator:   │                   ▼  ▼
///     └──────────────── take it ────┴──────────────── FENCED
/// ```
/// An attachment without force that is refused because another gate has the volume makes it FENCED. A volume
/// that is deleted becomes DETACHING, then DETACHED. In a hand-over to another process of this gate an ATTACHED
/// or LEFT volume becomes RESTING, from there ATTACHING again if the other process fails. Who may have the
/// attachment when is in ADR 0012.
public enum VolumeState {
    /// A guest is expected that another gate may still serve: everything is ready, nothing is attached.
    STANDBY,
    /// The metaserver is asked for the volume; requests wait.
    ATTACHING,
    /// Serves.
    ATTACHED,
    /// The guest has stopped its rings to go on elsewhere: whoever serves it now may have taken the volume.
    LEFT,
    /// Another process of this gate may have attached it: nothing is asked of it, no channel is open.
    RESTING,
    /// Another gate has taken the volume over: every request fails, until an operator decides otherwise.
    FENCED,
    /// The metaserver does not give the volume: every request fails, for good.
    REFUSED,
    /// Closed; the metaserver is being told.
    DETACHING,
    /// Over.
    DETACHED;

    /// Whether this state may follow.
    public boolean canBecome(VolumeState next) {
        return successors().contains(next);
    }

    /// Whether every request fails.
    public boolean fails() {
        return this == FENCED || this == REFUSED || this == DETACHING || this == DETACHED;
    }

    private Set<VolumeState> successors() {
        return switch (this) {
            case STANDBY -> EnumSet.of(ATTACHING, DETACHING);
            case ATTACHING -> EnumSet.of(ATTACHED, STANDBY, FENCED, REFUSED, DETACHING);
            case ATTACHED -> EnumSet.of(LEFT, RESTING, FENCED, DETACHING);
            case LEFT -> EnumSet.of(ATTACHED, ATTACHING, RESTING, FENCED, STANDBY, DETACHING);
            case RESTING -> EnumSet.of(ATTACHING);
            case FENCED -> EnumSet.of(ATTACHING, STANDBY, DETACHING);
            case REFUSED -> EnumSet.of(DETACHING);
            case DETACHING -> EnumSet.of(DETACHED);
            case DETACHED -> EnumSet.noneOf(VolumeState.class);
        };
    }
}
