package io.basalt.chunk;

/// How long one device takes to apply what primaries here have it apply: of a second that is under way,
/// and of the last one that is over. One owner reactor.
final class Pace {
    /// Too few changes to say anything.
    static final long UNKNOWN = -1;

    private static final int CHANGES_MIN = 4;

    private final int deviceId;
    private long sumNs;
    private int count;
    private long meanNs = UNKNOWN;
    private int slowSeconds;
    private boolean isSlow;

    Pace(int deviceId) {
        this.deviceId = deviceId;
    }

    int deviceId() {
        return deviceId;
    }

    /// A change was applied there.
    void took(long ns) {
        sumNs += ns;
        count++;
    }

    /// A second is over.
    void secondEnds() {
        meanNs = count < CHANGES_MIN ? UNKNOWN : sumNs / count;
        sumNs = 0;
        count = 0;
    }

    /// Mean of the last second, or [#UNKNOWN].
    long meanNs() {
        return meanNs;
    }

    /// Whether it was much slower than others for some seconds on end, and has not been as fast as they
    /// are since.
    boolean isSlow() {
        return isSlow;
    }

    /// The last second is compared with what others took.
    ///
    /// @param secondsMin so many on end make it slow
    /// @return whether it is found slow now
    boolean compared(boolean wasSlow, boolean wasUsual, int secondsMin) {
        slowSeconds = wasSlow ? slowSeconds + 1 : 0;
        final boolean isFound = !isSlow && slowSeconds >= secondsMin;
        isSlow = isFound || (isSlow && !wasUsual);
        return isFound;
    }
}
