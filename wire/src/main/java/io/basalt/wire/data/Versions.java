package io.basalt.wire.data;

/// A change's place in the order of its placement group: (epoch, counter), packed as epoch << 40 | counter.
/// Positive, and ordered like the number. 0 means "never written".
public final class Versions {
    /// Highest epoch.
    public static final int EPOCH_MAX = (1 << 23) - 1;
    /// Highest counter within an epoch.
    public static final long COUNTER_MAX = (1L << 40) - 1;

    private static final int COUNTER_BITS = 40;

    private Versions() {}

    /// The version of a change.
    ///
    /// @param epoch 1 to [#EPOCH_MAX]
    /// @param counter 0 to [#COUNTER_MAX]
    public static long of(int epoch, long counter) {
        assert epoch > 0 && epoch <= EPOCH_MAX;
        assert counter >= 0 && counter <= COUNTER_MAX;
        return (long) epoch << COUNTER_BITS | counter;
    }

    /// The epoch in which a change was begun.
    public static int epoch(long version) {
        return (int) (version >>> COUNTER_BITS);
    }

    /// The change's number within its epoch.
    public static long counter(long version) {
        return version & COUNTER_MAX;
    }
}
