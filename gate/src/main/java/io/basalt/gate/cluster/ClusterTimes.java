package io.basalt.gate.cluster;

/// How long the ways to the cluster wait for what. Nanoseconds, all positive.
///
/// @param attemptNs after which an attempt that is not answered is made again; a dead peer shows earlier, by its
///     silence
/// @param mapWaitNs after which a piece that waits for a newer map tries again without one
/// @param backOffMinNs first pause after a primary said that it cannot just now; doubles each time
/// @param backOffMaxNs longest such pause
/// @param reconnectMinNs pause before the second attempt to connect; the first is made at once; doubles each time
/// @param reconnectMaxNs longest such pause
/// @param creditWaitNs after which a connection without credits is tried again, should no answer come
public record ClusterTimes(
        long attemptNs,
        long mapWaitNs,
        long backOffMinNs,
        long backOffMaxNs,
        long reconnectMinNs,
        long reconnectMaxNs,
        long creditWaitNs) {
    private static final long MS_NS = 1_000_000L;

    /// What suits a data centre's network.
    public static final ClusterTimes DEFAULT =
            new ClusterTimes(5_000 * MS_NS, 100 * MS_NS, MS_NS / 2, 50 * MS_NS, 10 * MS_NS, 1_000 * MS_NS, 2 * MS_NS);

    public ClusterTimes {
        requirePositive("attemptNs", attemptNs);
        requirePositive("mapWaitNs", mapWaitNs);
        requirePositive("backOffMinNs", backOffMinNs);
        requirePositive("backOffMaxNs", backOffMaxNs);
        requirePositive("reconnectMinNs", reconnectMinNs);
        requirePositive("reconnectMaxNs", reconnectMaxNs);
        requirePositive("creditWaitNs", creditWaitNs);
    }

    /// The pause after a number of attempts in a row that came to nothing.
    ///
    /// @param attempts from 1
    static long doubled(long minNs, long maxNs, int attempts) {
        return Math.min(maxNs, minNs << Math.min(attempts - 1, 20));
    }

    private static void requirePositive(String field, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException("cluster time " + field + " is " + value + ", expected a positive time");
        }
    }
}
