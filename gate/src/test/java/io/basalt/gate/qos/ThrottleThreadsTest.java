package io.basalt.gate.qos;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.gate.qos.LimitedWorld.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Several threads draw from one bucket: each moment is given once.
class ThrottleThreadsTest {
    private static final int THREADS = 4;
    private static final int DRAWS = 50_000;
    private static final long NOW_NS = 1_000_000;

    @Test
    void everyMomentIsGivenToOneDrawOnly() throws InterruptedException {
        final Throttle throttle = Throttle.of(LimitedWorld.limits(LimitKind.RW_IOS, Rate.of(1_000_000)), NOW_NS, null);
        final long now = throttle.units(NOW_NS);
        final long[][] from = new long[THREADS][DRAWS];
        together(thread -> {
            for (int i = 0; i < DRAWS; i++) {
                from[thread][i] = throttle.draw(0, 1 + thread, now);
            }
        });
        // Amounts differ by thread, so that a lost or doubled draw leaves a gap or an overlap.
        final List<long[]> spans = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            for (final long start : from[thread]) {
                spans.add(new long[] {start, start + 1 + thread});
            }
        }
        spans.sort((one, other) -> Long.compare(one[0], other[0]));
        long next = spans.getFirst()[0];
        for (final long[] span : spans) {
            assertThat(span[0]).isEqualTo(next);
            next = span[1];
        }
        assertThat(next - spans.getFirst()[0]).isEqualTo((long) DRAWS * (1 + 2 + 3 + 4));
        for (final long[] ofThread : from) {
            assertThat(ofThread).isSorted();
        }
    }

    @Test
    void channelsTogetherPayForEveryRequest() throws InterruptedException {
        final long perSecond = 1_000_000;
        final Throttle throttle = Throttle.of(LimitedWorld.limits(LimitKind.RW_IOS, Rate.of(perSecond)), NOW_NS, null);
        final long[] latest = new long[THREADS];
        together(thread -> {
            final Allowance allowance = new Allowance(throttle);
            final Request request = new Request().of(BlockOperation.READ, 4096);
            for (int i = 0; i < DRAWS; i++) {
                latest[thread] = allowance.pay(request, NOW_NS);
            }
            allowance.giveBack(NOW_NS);
        });
        final long takesNs = THREADS * DRAWS * (1_000_000_000L / perSecond) - Throttle.SLACK_NS;
        assertThat(Arrays.stream(latest).max().orElseThrow() - NOW_NS)
                .isBetween(takesNs - 2 * THREADS * Throttle.DRAW_NS, takesNs + 2 * THREADS * Throttle.DRAW_NS);
        // What was drawn and not used was given back, to the last unit.
        assertThat(throttle.tokens(LimitKind.RW_IOS, NOW_NS)).isEqualTo(-takesNs * perSecond / 1e9);
    }

    private interface Work {
        void run(int thread);
    }

    private static void together(Work work) throws InterruptedException {
        final CountDownLatch start = new CountDownLatch(1);
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            final int number = i;
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    start.await();
                    work.run(number);
                } catch (InterruptedException | AssertionError failed) {
                    failure.set(failed);
                }
            }));
        }
        start.countDown();
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }
}
