package io.basalt.gate.qos;

/// A limit: how much per second, for ever and for a while.
///
/// @param perSecond requests or bytes, at least 1: what may be used for ever
/// @param burstPerSecond what may be used while there is credit; the same as `perSecond` for no bursts
/// @param burstSeconds how long full credit lasts at the burst rate. Credit grows by what is left unused of
///     `perSecond`
public record Rate(long perSecond, long burstPerSecond, long burstSeconds) {
    /// Most requests or bytes per second.
    public static final long PER_SECOND_MAX = 1L << 50;
    /// Longest burst: a day.
    public static final long BURST_SECONDS_MAX = 86_400;

    public Rate {
        if (perSecond < 1 || burstPerSecond < perSecond || burstPerSecond > PER_SECOND_MAX) {
            throw new IllegalArgumentException("rates must be 1 to " + PER_SECOND_MAX
                    + ", the burst rate not less than the other: " + perSecond + ", " + burstPerSecond);
        }
        if (burstSeconds < 0 || burstSeconds > BURST_SECONDS_MAX) {
            throw new IllegalArgumentException(
                    "burst seconds must be 0 to " + BURST_SECONDS_MAX + ", is " + burstSeconds);
        }
    }

    /// A rate without bursts.
    public static Rate of(long perSecond) {
        return new Rate(perSecond, perSecond, 0);
    }

    /// Whether there may be bursts.
    public boolean bursts() {
        return burstPerSecond > perSecond && burstSeconds > 0;
    }

    /// Full credit, in requests or bytes.
    public double creditMax() {
        return bursts() ? (double) (burstPerSecond - perSecond) * burstSeconds : 0;
    }
}
