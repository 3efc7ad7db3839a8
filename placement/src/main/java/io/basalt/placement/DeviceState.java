package io.basalt.placement;

import java.util.EnumSet;
import java.util.Set;

/// What a device is to placement. *Up* says that it answers, *in* that copies belong there.
///
/// ```
///        ┌────────┐ low again  ┌──────┐
///   ┌───▶│ UP_IN  │◀──────────▶│ FULL │
///   │    └─┬─▲──┬─┘ no space   └─┬──┬─┘
///   │ lost │ │  │                │  │
///   │      ▼ │  │    drain       │  │
///   │ ┌──────┴──┐ ──────────▶ ┌──▼──▼────┐
///   │ │ DOWN_IN │             │ DRAINING │
///   │ └────┬────┘             └────┬─────┘
///   │      │ grace over            │ empty, or lost
///   │      ▼                       ▼
///   │    ┌───────────────────────────┐
///   └────│            OUT            │  comes back, or is put in again
///        └───────────────────────────┘
/// ```
/// FULL becomes DOWN_IN like UP_IN does, DOWN_IN comes back as either, and every state may go straight to OUT.
public enum DeviceState {
    /// Answers and takes copies.
    UP_IN,
    /// Answers and keeps the copies it has; takes no further ones until it has room.
    FULL,
    /// Does not answer; copies still belong there because it may be back within the grace time.
    DOWN_IN,
    /// Answers; its copies are being moved away.
    DRAINING,
    /// No copy belongs there, and it need not answer.
    OUT;

    /// Whether copies may belong on the device: it is not draining and not out.
    public boolean in() {
        return this == UP_IN || this == FULL || this == DOWN_IN;
    }

    /// Whether the device is known to answer.
    public boolean up() {
        return this == UP_IN || this == FULL || this == DRAINING;
    }

    /// Whether this state may follow.
    public boolean canBecome(DeviceState next) {
        return successors().contains(next);
    }

    private Set<DeviceState> successors() {
        return switch (this) {
            case UP_IN -> EnumSet.of(FULL, DOWN_IN, DRAINING, OUT);
            case FULL -> EnumSet.of(UP_IN, DOWN_IN, DRAINING, OUT);
            case DOWN_IN -> EnumSet.of(UP_IN, FULL, DRAINING, OUT);
            case DRAINING -> EnumSet.of(UP_IN, OUT);
            case OUT -> EnumSet.of(UP_IN, DRAINING);
        };
    }
}
