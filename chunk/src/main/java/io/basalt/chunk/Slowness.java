package io.basalt.chunk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The comparison of devices that apply the same changes: one that takes much longer than the others is
/// failing slowly, or what leads to it is. It answers, so nothing else finds it, and every change waits
/// for it.
///
/// Each second the mean time of each device is compared with the median of the others'. What is
/// [#TIMES] as long, and longer by [#MORE_NS], for [#SECONDS] seconds on end, is slow: so it is found
/// within four seconds, if it has something to do, and a moment's stall does not count. It is not slow
/// any more after a second of less than half of that. Control plane, but for [Pace#took]; one owner
/// reactor.
final class Slowness {
    static final long SECOND_NS = 1_000_000_000L;

    /// So many times as long as others is slow.
    static final int TIMES = 4;

    /// And longer by so much: what is less nobody feels.
    static final long MORE_NS = 20_000_000L;

    /// Seconds on end after which it counts.
    static final int SECONDS = 3;

    /// Hears of what is found.
    @FunctionalInterface
    interface Listener {
        /// A device is much slower than others.
        void slow(int deviceId, long meanNs, long othersNs);
    }

    private final List<Pace> paces = new ArrayList<>();
    private final Listener listener;
    private long nextNs;

    Slowness(Listener listener, long nowNs) {
        this.listener = listener;
        nextNs = nowNs + SECOND_NS;
    }

    /// One more device to compare.
    Pace pace(int deviceId) {
        final Pace pace = new Pace(deviceId);
        paces.add(pace);
        return pace;
    }

    /// All that are compared.
    List<Pace> paces() {
        return paces;
    }

    void tick(long nowNs) {
        if (nowNs - nextNs < 0) {
            return;
        }
        nextNs = nowNs + SECOND_NS;
        paces.forEach(Pace::secondEnds);
        for (final Pace each : paces) {
            compare(each);
        }
    }

    private void compare(Pace pace) {
        final long othersNs = medianOfOthers(pace);
        final long meanNs = pace.meanNs();
        if (meanNs == Pace.UNKNOWN || othersNs == Pace.UNKNOWN) {
            pace.compared(false, false, SECONDS);
            return;
        }
        final boolean wasSlow = meanNs > TIMES * othersNs && meanNs > othersNs + MORE_NS;
        final boolean wasUsual = meanNs < Math.max(TIMES * othersNs, othersNs + MORE_NS) / 2;
        if (pace.compared(wasSlow, wasUsual, SECONDS)) {
            listener.slow(pace.deviceId(), meanNs, othersNs);
        }
    }

    /// The lower one, if there are two in the middle: of two others, one may be as slow.
    private long medianOfOthers(Pace pace) {
        final long[] others = paces.stream()
                .filter(each -> each.deviceId() != pace.deviceId() && each.meanNs() != Pace.UNKNOWN)
                .mapToLong(Pace::meanNs)
                .toArray();
        Arrays.sort(others);
        return others.length == 0 ? Pace.UNKNOWN : others[(others.length - 1) / 2];
    }
}
