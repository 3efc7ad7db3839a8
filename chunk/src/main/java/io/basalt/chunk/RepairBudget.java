package io.basalt.chunk;

/// How much a device may rewrite at present for copies that are being brought up to date, so that clients get their
/// part of disk and network: a token bucket, filled by time, that holds a tenth of a second's worth. What a take-over
/// has to rewrite is not bounded, since clients wait for it. One owner reactor.
final class RepairBudget {
    private static final int BURSTS_PER_SECOND = 10;
    private static final long SECOND_NS = 1_000_000_000L;

    private final long bytesPerSecond;
    private final long bytesMax;
    private long bytes;
    private long filledNs;

    /// @param bytesPerSecond 1 and up
    RepairBudget(long bytesPerSecond, long nowNs) {
        this.bytesPerSecond = bytesPerSecond;
        bytesMax = Math.max(bytesPerSecond / BURSTS_PER_SECOND, 1);
        bytes = bytesMax;
        filledNs = nowNs;
    }

    /// Take what a rewriting needs. A bucket that is not empty gives more than it has, and owes the rest: a piece that
    /// is larger than the bucket would never be written otherwise.
    ///
    /// @return false if nothing is left: try again later
    boolean take(long wanted, long nowNs) {
        final long passedNs = Math.min(nowNs - filledNs, SECOND_NS);
        if (passedNs > 0) {
            final long filled = Math.round((double) passedNs / SECOND_NS * bytesPerSecond);
            if (filled > 0) {
                bytes = Math.min(bytesMax, bytes + filled);
                filledNs = nowNs;
            }
        }
        if (bytes <= 0) {
            return false;
        }
        bytes -= wanted;
        return true;
    }
}
