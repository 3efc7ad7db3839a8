package io.basalt.gate.qos;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import java.util.Arrays;

/// What one channel has drawn from its volume's buckets and not used yet. One owner, the channel's reactor.
///
/// A draw that leaves something over is used up by the requests that follow, so that the shared buckets are touched
/// once for many small requests. What is over is worth at most [Throttle#DRAW_NS] of time: a channel that draws and
/// then does nothing keeps that much from the others, once, and gives it back when it is closed.
final class Allowance {
    private final Throttle throttle;
    private final int[] ofReads;
    private final int[] ofWrites;
    private final boolean[] bytes;
    private final double[] tokenUnits;
    private final long[] left;
    private final long[] usableFrom;
    private final int unitBytes;
    private final boolean directional;

    Allowance(Throttle throttle) {
        this.throttle = throttle;
        final int count = throttle.count();
        bytes = new boolean[count];
        tokenUnits = new double[count];
        left = new long[count];
        usableFrom = new long[count];
        for (int index = 0; index < count; index++) {
            bytes[index] = throttle.bucket(index).kind().bytes();
            tokenUnits[index] = throttle.bucket(index).tokenUnits();
            usableFrom[index] = Long.MIN_VALUE;
        }
        ofReads = indexes(true);
        ofWrites = indexes(false);
        unitBytes = throttle.limits().unitBytes();
        directional = throttle.limits().isDirectional();
    }

    private int[] indexes(boolean reads) {
        final int[] found = new int[throttle.count()];
        int count = 0;
        for (int index = 0; index < found.length; index++) {
            final LimitKind kind = throttle.bucket(index).kind();
            if (reads ? kind.reads() : kind.writes()) {
                found[count++] = index;
            }
        }
        return Arrays.copyOf(found, count);
    }

    /// Whether reads and writes wait apart.
    boolean directional() {
        return directional;
    }

    /// Pay for a request, whatever becomes of it.
    ///
    /// @param nowNs the reactor's clock
    /// @return when it may go to the device, in nanoseconds of the clock; not after `nowNs` for at once
    long pay(BlockRequest request, long nowNs) {
        final BlockOperation operation = request.operation();
        final boolean moves = operation == BlockOperation.READ || operation == BlockOperation.WRITE;
        final long moved = moves ? request.length() : 0;
        final long requests = Math.max(1, (moved + unitBytes - 1) / unitBytes);
        final long now = throttle.units(nowNs);
        long from = Long.MIN_VALUE;
        for (final int index : operation == BlockOperation.READ ? ofReads : ofWrites) {
            final double cost = tokenUnits[index] * (bytes[index] ? moved : requests);
            from = Math.max(from, take(index, (long) (cost + 0.5), now));
        }
        return from <= now ? nowNs : throttle.clockNs(from);
    }

    private long take(int index, long cost, long now) {
        final long missing = cost - left[index];
        if (missing > 0) {
            final long amount = Math.max(missing, Throttle.DRAW_NS << Throttle.TIME_SHIFT);
            usableFrom[index] = throttle.draw(index, amount, now);
            left[index] += amount;
        }
        left[index] -= cost;
        return cost == 0 ? Long.MIN_VALUE : usableFrom[index];
    }

    /// Give back what is left: nothing is paid from here any more.
    void giveBack(long nowNs) {
        for (int index = 0; index < left.length; index++) {
            throttle.draw(index, -left[index], throttle.units(nowNs));
            left[index] = 0;
        }
    }
}
