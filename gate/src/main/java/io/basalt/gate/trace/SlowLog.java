package io.basalt.gate.trace;

import io.basalt.reactor.NanoClock;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The slow requests of a gate: gathered from all reactors, kept for who asks, and written to the log, of which no
/// flood of
/// them takes more than some lines a minute. Control reactor.
public final class SlowLog {
    /// What is slow, unless somebody says otherwise, in nanoseconds.
    public static final long THRESHOLD_NS = 1_000_000_000L;

    /// How often [#drain()] is to be called, in nanoseconds.
    public static final long PERIOD_NS = 1_000_000_000L;

    private static final System.Logger LOG = System.getLogger(SlowLog.class.getName());
    private static final int KEPT = 256;
    private static final int LINES_PER_MINUTE = 10;
    private static final long MINUTE_NS = 60_000_000_000L;

    private final NanoClock clock;
    private final Consumer<String> lines;
    private final SlowThreshold threshold = new SlowThreshold(THRESHOLD_NS);
    private final Map<Integer, SlowRequests> byReactor = new TreeMap<>();
    private final Map<Integer, String> volumes = new HashMap<>();
    private final Deque<SlowRequest> kept = new ArrayDeque<>();
    private int lastVolume;
    private long minuteNs;
    private int linesLeft = LINES_PER_MINUTE;
    private long untold;

    /// A log that writes to the process's.
    public SlowLog(NanoClock clock) {
        this(clock, line -> LOG.log(Level.WARNING, line));
    }

    SlowLog(NanoClock clock, Consumer<String> lines) {
        this.clock = clock;
        this.lines = lines;
        minuteNs = clock.nanoTime();
    }

    /// From when on a request is slow, in nanoseconds; `Long.MAX_VALUE` if none ever is.
    public long thresholdNs() {
        return threshold.ns();
    }

    /// Call requests slow from now on that take so long.
    ///
    /// @param ns positive; `Long.MAX_VALUE` for none
    public void threshold(long ns) {
        if (ns <= 0) {
            throw new IllegalArgumentException("threshold of slow requests is " + ns + " ns, expected a positive time");
        }
        threshold.set(ns);
    }

    /// A trace of one volume on one reactor.
    VolumeTrace trace(int volume, int reactor) {
        return new VolumeTrace(volume, byReactor.computeIfAbsent(reactor, _ -> new SlowRequests(threshold)));
    }

    /// A number for a volume.
    int number(String volume) {
        lastVolume++;
        volumes.put(lastVolume, volume);
        return lastVolume;
    }

    void forget(int volume) {
        volumes.remove(volume);
    }

    /// Gather what has come. To be called each [#PERIOD_NS].
    public void drain() {
        final long nowNs = clock.nanoTime();
        for (final SlowRequests requests : byReactor.values()) {
            requests.drain().forEach(entry -> keep(entry, nowNs));
        }
        if (nowNs - minuteNs >= MINUTE_NS) {
            minuteNs = nowNs;
            linesLeft = LINES_PER_MINUTE;
            if (untold > 0) {
                lines.accept(untold + " more slow requests in the last minute; basalt why VOLUME says where time goes");
                untold = 0;
            }
        }
    }

    private void keep(SlowRequests.Entry entry, long nowNs) {
        final SlowRequest request = new SlowRequest(
                nowNs,
                volumes.getOrDefault(entry.volume(), "that is closed"),
                entry.write(),
                entry.offset(),
                entry.length(),
                entry.tookNs(),
                entry.costs(),
                entry.set(),
                entry.device(),
                entry.replica1(),
                entry.replica2());
        if (kept.size() == KEPT) {
            kept.removeFirst();
        }
        kept.addLast(request);
        if (linesLeft > 0) {
            linesLeft--;
            lines.accept("slow " + request);
        } else {
            untold++;
        }
    }

    /// The last ones, oldest first.
    public List<SlowRequest> recent() {
        return List.copyOf(kept);
    }

    /// How many were not read in time and are in no list; volumes have counted them all the same.
    public long missed() {
        return byReactor.values().stream().mapToLong(SlowRequests::missed).sum();
    }
}
