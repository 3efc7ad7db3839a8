package io.basalt.gate.qos;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The token buckets of one volume, shared by its channels on all reactors.
///
/// A bucket is one number: the moment up to which its tokens are spent (the *theoretical arrival time* of the generic
/// cell rate algorithm). Nothing fills it; time passes. A token costs the time that the rate takes to make one, so
/// that to draw is to move the moment on, and what is drawn may be used from the moment that was there before:
///
/// ```
///         now - depth                     now
///   ───────────┼───────────────────────────┼──────────────────▶ time
///              │   spent until ▲           │
///              │               └── tokens ─┤            a moment in the past: what is drawn may be used at once
///              │                           │   ▲
///              │                           │   └─ spent until: a moment in the future: it may be used then
///              └─ never earlier: a full bucket
/// ```
///
/// So whoever draws first goes first, on whatever reactor, and none waits for the luck of being there when the bucket
/// fills. A limit without bursts is one bucket that holds [#SLACK_NS]: what is not released in time, because a timer
/// or a thread is late, is not lost. One with bursts is two: the rate with the credit as depth, and the burst rate.
///
/// Channels draw at least [#DRAW_NS] worth of time, see [Allowance]; a bucket is therefore moved at most some ten
/// thousand times a second, however high its rate.
///
/// | field | reader | writer |
/// |---|---|---|
/// | `spentUntil` of each bucket, 128 bytes apart | volatile, any reactor | compare and set, any reactor |
/// | everything else | final | - |
///
/// Nothing is published with a bucket's number, so the order of accesses to different ones does not matter.
final class Throttle {
    /// What a limit without bursts lets through at once after a pause, in time.
    static final long SLACK_NS = 20_000_000;
    /// What a channel draws at least, in time.
    static final long DRAW_NS = 25_000;
    /// No request is held back for longer.
    static final long WAIT_NS_MAX = 3_600_000_000_000L;

    /// Time is counted in units of 1/64 ns since the origin, so that tokens of the highest rates are whole numbers to
    /// within a thousandth; it lasts for four years.
    static final int TIME_SHIFT = 6;

    private static final double UNITS_PER_SECOND = 1e9 * (1 << TIME_SHIFT);
    private static final long DEPTH_MAX = 1L << 60;
    private static final long WAIT_MAX = WAIT_NS_MAX << TIME_SHIFT;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    /// Words from one bucket's number to the next: no two on neighbouring cache lines.
    private static final int SPACING = 16;

    private final QosLimits limits;
    private final long originNs;
    private final Bucket[] buckets;
    private final long[] spentUntil;

    /// What does not change of a bucket.
    ///
    /// @param tokenUnits time that a request or byte costs, in units
    /// @param depth how much time it holds, in units
    /// @param credit whether it is what bursts are paid from
    record Bucket(LimitKind kind, double tokenUnits, long depth, boolean credit) {}

    private Throttle(QosLimits limits, long originNs) {
        this.limits = limits;
        this.originNs = originNs;
        buckets = buckets(limits);
        spentUntil = new long[(buckets.length + 1) * SPACING];
        Arrays.fill(spentUntil, Long.MIN_VALUE / 2);
    }

    /// The buckets of some limits: full, save that credit stays what it is relative to its most.
    ///
    /// @param before what the volume had until now; null for nothing
    static Throttle of(QosLimits limits, long nowNs, @Nullable Throttle before) {
        final Throttle made = new Throttle(limits, nowNs);
        if (before != null) {
            for (int index = 0; index < made.buckets.length; index++) {
                final Bucket bucket = made.buckets[index];
                if (bucket.credit()) {
                    made.level(index, before.credit(bucket.kind(), nowNs), nowNs);
                }
            }
        }
        return made;
    }

    private static Bucket[] buckets(QosLimits limits) {
        final List<Bucket> made = new ArrayList<>();
        limits.rates().forEach((kind, rate) -> {
            final double unitsPerToken = UNITS_PER_SECOND / rate.perSecond();
            if (rate.bursts()) {
                made.add(bucket(kind, unitsPerToken, rate.creditMax() * unitsPerToken, true));
                made.add(bucket(kind, UNITS_PER_SECOND / rate.burstPerSecond(), 0, false));
            } else {
                made.add(bucket(kind, unitsPerToken, 0, false));
            }
        });
        return made.toArray(Bucket[]::new);
    }

    private static Bucket bucket(LimitKind kind, double tokenUnits, double creditUnits, boolean credit) {
        final double depth = creditUnits + (SLACK_NS << TIME_SHIFT);
        return new Bucket(kind, tokenUnits, (long) Math.min(DEPTH_MAX, depth), credit);
    }

    /// What the buckets are for.
    QosLimits limits() {
        return limits;
    }

    int count() {
        return buckets.length;
    }

    Bucket bucket(int index) {
        return buckets[index];
    }

    /// A moment of the clock in units.
    long units(long nowNs) {
        return (nowNs - originNs) << TIME_SHIFT;
    }

    /// The first nanosecond of the clock that is not before a moment in units.
    long clockNs(long units) {
        return originNs + ((units + (1 << TIME_SHIFT) - 1) >> TIME_SHIFT);
    }

    /// Draw from a bucket, whatever is in it. Any reactor.
    ///
    /// @param amount how much time, in units; negative to give back what was drawn before and not used
    /// @param now in units
    /// @return from when on it may be used, in units
    long draw(int index, long amount, long now) {
        final int cell = cell(index);
        final long earliest = now - buckets[index].depth();
        while (true) {
            final long spent = (long) CELL.getVolatile(spentUntil, cell);
            final long from = Math.max(spent, earliest);
            final long until = Math.min(from + amount, now + WAIT_MAX);
            if (CELL.compareAndSet(spentUntil, cell, spent, until)) {
                return Math.min(from, until);
            }
        }
    }

    private static int cell(int index) {
        return (index + 1) * SPACING;
    }

    /// How much of its credit a kind of limit has, 0 to 1; 1 if it has no bursts.
    double credit(LimitKind kind, long nowNs) {
        for (int index = 0; index < buckets.length; index++) {
            final Bucket bucket = buckets[index];
            if (bucket.kind() == kind && bucket.credit()) {
                final long spent = (long) CELL.getVolatile(spentUntil, cell(index));
                return Math.clamp((double) (units(nowNs) - spent) / bucket.depth(), 0.0, 1.0);
            }
        }
        return 1;
    }

    /// Set all credits.
    ///
    /// @param level 0 for empty to 1 for full
    void credits(double level, long nowNs) {
        for (int index = 0; index < buckets.length; index++) {
            if (buckets[index].credit()) {
                level(index, level, nowNs);
            }
        }
    }

    private void level(int index, double level, long nowNs) {
        final long held = (long) (buckets[index].depth() * level);
        CELL.setVolatile(spentUntil, cell(index), units(nowNs) - held);
    }

    /// Requests or bytes that may be used at once, by the bucket of a kind that has fewest; negative if requests wait
    /// for theirs.
    double tokens(LimitKind kind, long nowNs) {
        double least = Double.POSITIVE_INFINITY;
        for (int index = 0; index < buckets.length; index++) {
            final Bucket bucket = buckets[index];
            if (bucket.kind() == kind) {
                final long spent = (long) CELL.getVolatile(spentUntil, cell(index));
                final long held = Math.min(bucket.depth(), units(nowNs) - spent);
                least = Math.min(least, held / bucket.tokenUnits());
            }
        }
        return least;
    }
}
