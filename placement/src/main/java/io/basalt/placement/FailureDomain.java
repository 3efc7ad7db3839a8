package io.basalt.placement;

/// What may fail as a whole, from the widest to the narrowest: at most one copy of a placement group lives in each.
public enum FailureDomain {
    /// A room, with its own power and cooling.
    ROOM,
    /// A rack of a room.
    RACK,
    /// A machine of a rack.
    HOST,
    /// One storage device of a machine.
    DEVICE;

    /// Whether there is a narrower one to relax to.
    public boolean relaxes() {
        return this != DEVICE;
    }

    /// The next narrower one.
    ///
    /// @throws IllegalStateException if there is none; see [#relaxes]
    public FailureDomain narrower() {
        return switch (this) {
            case ROOM -> RACK;
            case RACK -> HOST;
            case HOST -> DEVICE;
            case DEVICE -> throw new IllegalStateException("nothing is narrower than a device");
        };
    }
}
