package io.basalt.gate.cluster;

import java.util.EnumSet;
import java.util.Set;

/// The life of a [ClusterVolume].
///
/// ```
///  ATTACHING ──▶ ATTACHED ──▶ DETACHING ──▶ DETACHED
///    │    │         │          ▲  ▲
///    │    │         ▼          │  │
///    │    └─────▶ FENCED ──────┘  │
///    ▼                            │
///  REFUSED ───────────────────────┘
/// ```
/// A volume that is ATTACHING when it is deleted becomes DETACHING too. In a hand-over to another process of this
/// gate an ATTACHED volume becomes RESTING, from there ATTACHING again if the other process fails.
public enum VolumeState {
    /// The metaserver is asked for the volume; requests wait.
    ATTACHING,
    /// Serves.
    ATTACHED,
    /// Another process of this gate may have attached it: nothing is asked of it, no channel is open.
    RESTING,
    /// Another gate has taken the volume over: every request fails, for good.
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
        return this != ATTACHING && this != ATTACHED && this != RESTING;
    }

    private Set<VolumeState> successors() {
        return switch (this) {
            case ATTACHING -> EnumSet.of(ATTACHED, FENCED, REFUSED, DETACHING);
            case ATTACHED -> EnumSet.of(RESTING, FENCED, DETACHING);
            case RESTING -> EnumSet.of(ATTACHING);
            case FENCED, REFUSED -> EnumSet.of(DETACHING);
            case DETACHING -> EnumSet.of(DETACHED);
            case DETACHED -> EnumSet.noneOf(VolumeState.class);
        };
    }
}
