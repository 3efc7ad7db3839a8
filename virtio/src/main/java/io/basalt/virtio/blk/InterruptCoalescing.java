package io.basalt.virtio.blk;

/// How a busy queue holds back calls to its driver: above a request rate, the more requests the longer the delay.
/// The parameters mean what they mean to SPDK's `vhost_controller_set_coalescing`.
///
/// @param delayBaseUs delay at twice the threshold in microseconds, 0 to [#DELAY_BASE_US_MAX]; 0 switches it off
/// @param iopsThreshold requests per second of one queue below which nothing is delayed, at least 1 / [#WINDOW_NS]
public record InterruptCoalescing(int delayBaseUs, int iopsThreshold) {
    /// Calls are not held back.
    public static final InterruptCoalescing OFF = new InterruptCoalescing(0, 60_000);

    /// Over what time the rate is measured, in nanoseconds.
    public static final long WINDOW_NS = 10_000_000;
    /// Longest base delay, in microseconds: one second.
    public static final int DELAY_BASE_US_MAX = 1_000_000;

    private static final long SECOND_NS = 1_000_000_000;
    // A delay longer than this would be felt as a stall, whatever the rate.
    private static final long DELAY_NS_MAX = WINDOW_NS;
    private static final int THRESHOLD_MIN = (int) (SECOND_NS / WINDOW_NS);

    public InterruptCoalescing {
        if (delayBaseUs < 0 || delayBaseUs > DELAY_BASE_US_MAX) {
            throw new IllegalArgumentException(
                    "delay_base_us: " + delayBaseUs + " is outside 0 to " + DELAY_BASE_US_MAX);
        }
        if (iopsThreshold < THRESHOLD_MIN) {
            throw new IllegalArgumentException(
                    "iops_threshold: " + iopsThreshold + " is below the least, " + THRESHOLD_MIN);
        }
    }

    /// How long to hold calls back, in nanoseconds.
    ///
    /// @param requests completed in the time
    /// @param elapsedNs the time they were counted over, at least [#WINDOW_NS]
    long delayNs(long requests, long elapsedNs) {
        assert elapsedNs >= WINDOW_NS;
        final long rate = requests * SECOND_NS / elapsedNs;
        if (delayBaseUs == 0 || rate <= iopsThreshold) {
            return 0;
        }
        return Math.min(DELAY_NS_MAX, delayBaseUs * 1000L * (rate - iopsThreshold) / iopsThreshold);
    }
}
