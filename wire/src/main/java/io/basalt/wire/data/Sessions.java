package io.basalt.wire.data;

/// A primary device's session: the life of its process and the connection within it, packed as life << 20 |
/// connection. Positive; a later life or connection has a higher number.
public final class Sessions {
    private static final int CONNECTION_BITS = 20;

    /// Highest life; milliseconds of a wall clock fit for centuries.
    public static final long LIFE_MAX = (1L << 43) - 1;
    /// Highest number of a connection within a life.
    public static final int CONNECTION_MAX = (1 << CONNECTION_BITS) - 1;

    private Sessions() {}

    /// A session.
    ///
    /// @param life 1 to [#LIFE_MAX], higher than that of every earlier process life of the device
    /// @param connection 0 to [#CONNECTION_MAX]
    public static long of(long life, int connection) {
        assert life > 0 && life <= LIFE_MAX;
        assert connection >= 0 && connection <= CONNECTION_MAX;
        return life << CONNECTION_BITS | connection;
    }

    /// The life that a session belongs to.
    public static long life(long session) {
        return session >>> CONNECTION_BITS;
    }
}
