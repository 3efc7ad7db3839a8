package io.basalt.gate.qos;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.VolumeChannel;
import io.basalt.gate.cluster.NoEngine;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import java.util.Map;
import java.util.stream.IntStream;

/// A limited volume on some reactors, whose one clock the test moves.
final class LimitedWorld {
    static final long US = 1_000;
    static final long MS = 1_000_000;
    static final long SECOND = 1_000_000_000;

    final ManualClock clock = new ManualClock(5_000_000_000L);
    final CountingVolume base = new CountingVolume();
    final LimitedVolume volume = new LimitedVolume(base, clock::nanoTime);
    final Reactor[] reactors;
    final VolumeChannel[] channels;

    LimitedWorld(int reactorCount) {
        reactors = IntStream.range(0, reactorCount)
                .mapToObj(id -> new Reactor(
                        ReactorConfiguration.of("test" + id, id),
                        clock::nanoTime,
                        new NoEngine(),
                        () -> true,
                        (where, source, fault) -> {
                            throw new AssertionError(source + " failed", fault);
                        }))
                .toArray(Reactor[]::new);
        channels = IntStream.range(0, reactorCount)
                .mapToObj(id -> volume.openChannel(reactors[id]))
                .toArray(VolumeChannel[]::new);
    }

    /// Limits from now on, on all reactors.
    LimitedWorld limit(QosLimits limits) {
        volume.limit(limits);
        pass();
        return this;
    }

    LimitedWorld limit(LimitKind kind, long perSecond) {
        return limit(limits(kind, Rate.of(perSecond)));
    }

    static QosLimits limits(LimitKind kind, Rate rate) {
        return new QosLimits(Map.of(kind, rate), QosLimits.UNIT_BYTES);
    }

    /// One pass of each reactor.
    void pass() {
        for (final Reactor reactor : reactors) {
            reactor.runOnce();
        }
    }

    /// Let time go by in one step.
    void step(long ns) {
        clock.advance(ns);
        pass();
    }

    /// Let time go by in steps of 10 µs.
    void run(long ns) {
        for (long left = ns; left > 0; left -= 10 * US) {
            step(Math.min(left, 10 * US));
        }
    }

    /// A request that may be submitted again and again.
    static class Request extends BlockRequest {
        BlockStatus status = BlockStatus.OK;
        int completions;

        Request() {
            super(1);
        }

        Request of(BlockOperation operation, long length) {
            prepare(operation, 0, length, false);
            return this;
        }

        /// Give it to a channel; tells whether it has been answered.
        boolean submitTo(VolumeChannel channel) {
            status = channel.submit(this);
            return status != BlockStatus.PENDING;
        }

        @Override
        public void completed(BlockStatus answered) {
            assert status == BlockStatus.PENDING : status;
            status = answered;
            completions++;
        }

        boolean isDone() {
            return status != BlockStatus.PENDING;
        }
    }
}
