package io.basalt.chunk;

/// The copies that can give the content which a [Change] gathers, asked one after the other: this device's
/// first, then the others. One owner reactor.
final class Sources {
    /// As bits: this device's copy.
    static final int SELF = 1 << PgReplica.SLOTS;
    /// As bits: every copy but this device's.
    static final int ALL_OTHERS = SELF - 1;
    /// None is left.
    static final int NONE = -1;
    /// This device's own copy.
    static final int HERE = PgReplica.SLOTS;

    private int left;
    private boolean isOneMissing;

    /// Begin with the first.
    ///
    /// @param bits [#SELF], and a bit for each slot
    void begin(int bits) {
        left = bits;
        isOneMissing = false;
    }

    /// The next one, if it is in sync and can be reached: a slot, [#HERE] or [#NONE].
    int next(PgReplica replica) {
        if ((left & SELF) != 0) {
            left &= ~SELF;
            return HERE;
        }
        while (left != 0) {
            final int slot = Integer.numberOfTrailingZeros(left);
            left &= left - 1;
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isInSync()) {
                if (copy.isFollowing()) {
                    return slot;
                }
                isOneMissing = true;
            }
        }
        return NONE;
    }

    /// One could not answer now.
    void missing() {
        isOneMissing = true;
    }

    /// Whether one could not be asked: it is too early to say that none has the content.
    boolean isOneMissing() {
        return isOneMissing;
    }
}
