package io.basalt.gate.qos;

import static io.basalt.gate.qos.LimitedWorld.MS;
import static io.basalt.gate.qos.LimitedWorld.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.VolumeChannel;
import io.basalt.gate.qos.LimitedWorld.Request;
import io.basalt.reactor.Poller;
import io.basalt.testkit.AllocationProbe;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LimitedChannelTest {
    private static final int KIB = 1 << 10;

    private final LimitedWorld world = new LimitedWorld(1);
    private final VolumeChannel channel = world.channels[0];

    private Request submit(BlockOperation operation, long length) {
        final Request request = new Request().of(operation, length);
        request.submitTo(channel);
        return request;
    }

    /// Use up what may go at once: what comes next waits.
    private void exhaust() {
        while (submit(BlockOperation.WRITE, 4 * KIB).isDone()) {
            // One more.
        }
        channel.hurry(true);
        world.base.came.clear();
    }

    @Test
    void isNotOnTheWayWhileNothingIsLimited() {
        assertThat(channel.shortcut()).isNotSameAs(channel);
        world.limit(LimitKind.RW_IOS, 1000);
        assertThat(channel.shortcut()).isSameAs(channel);
        world.limit(QosLimits.NONE);
        assertThat(channel.shortcut()).isNotSameAs(channel);
        assertThat(submit(BlockOperation.READ, 4 * KIB).isDone()).isTrue();
    }

    @Test
    void requestsThatWaitGoInTheirOrder() {
        world.limit(LimitKind.RW_IOS, 1000);
        exhaust();
        final List<Request> asked = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            final boolean read = i % 3 == 0;
            asked.add(submit(read ? BlockOperation.READ : BlockOperation.WRITE, 4 * KIB));
        }
        assertThat(world.base.came).isEmpty();
        world.run(SECOND);
        assertThat(asked).allMatch(request -> request.completions == 1);
        assertThat(world.base.came).containsExactlyElementsOf(asked);
        assertThat(channel.inFlight()).isZero();
    }

    @Test
    void whatComesLaterDoesNotOvertakeWhatIsDueBeforeItsTimerFires() {
        world.limit(LimitKind.RW_IOS, 1000);
        exhaust();
        final List<Request> asked = new ArrayList<>();
        asked.add(submit(BlockOperation.WRITE, 4 * KIB));
        // Pollers come before timers: in this pass the first is due, and still there when the second comes.
        world.reactors[0].addPoller(new Poller() {
            @Override
            public int poll(long nowNs) {
                if (asked.size() == 1) {
                    asked.add(submit(BlockOperation.WRITE, 4 * KIB));
                }
                return 0;
            }

            @Override
            public boolean arm() {
                return true;
            }

            @Override
            public void disarm() {}
        });
        world.step(SECOND);
        world.run(MS);
        assertThat(world.base.came).containsExactlyElementsOf(asked);
    }

    @Test
    void readsDoNotWaitForWritesThatAreLimitedApart() {
        world.limit(LimitKind.W_IOS, 10);
        exhaust();
        assertThat(submit(BlockOperation.WRITE, 4 * KIB).isDone()).isFalse();
        assertThat(submit(BlockOperation.READ, 4 * KIB).isDone()).isTrue();
    }

    private long costOf(BlockOperation operation, long length, QosLimits limits) {
        final LimitedWorld fresh = new LimitedWorld(1).limit(limits);
        while (new Request().of(BlockOperation.WRITE, 4 * KIB).submitTo(fresh.channels[0])) {
            // Until nothing goes at once.
        }
        fresh.channels[0].hurry(true);
        new Request().of(operation, length).submitTo(fresh.channels[0]);
        final Request behind = new Request().of(BlockOperation.WRITE, 4 * KIB);
        behind.submitTo(fresh.channels[0]);
        final long startNs = fresh.clock.nanoTime();
        long firstNs = 0;
        final long before = fresh.base.count;
        while (!behind.isDone()) {
            fresh.run(MS / 10);
            if (fresh.base.count > before && firstNs == 0) {
                firstNs = fresh.clock.nanoTime();
            }
        }
        assertThat(firstNs).isGreaterThan(startNs);
        return Math.round((double) (fresh.clock.nanoTime() - firstNs) / (10 * MS));
    }

    @Test
    void aLargeRequestCostsAsManyAsItHasUnits() {
        final QosLimits hundred = LimitedWorld.limits(LimitKind.RW_IOS, Rate.of(100));
        assertThat(costOf(BlockOperation.READ, 4 * KIB, hundred)).isEqualTo(1);
        assertThat(costOf(BlockOperation.WRITE, 256 * KIB, hundred)).isEqualTo(1);
        assertThat(costOf(BlockOperation.WRITE, 257 * KIB, hundred)).isEqualTo(2);
        assertThat(costOf(BlockOperation.READ, 1024 * KIB, hundred)).isEqualTo(4);
        final QosLimits small = new QosLimits(Map.of(LimitKind.RW_IOS, Rate.of(100)), 16 * KIB);
        assertThat(costOf(BlockOperation.READ, 64 * KIB, small)).isEqualTo(4);
    }

    @Test
    void whatMovesNoDataCostsOneRequestAndNoBytes() {
        final QosLimits hundred = LimitedWorld.limits(LimitKind.W_IOS, Rate.of(100));
        assertThat(costOf(BlockOperation.FLUSH, 0, hundred)).isEqualTo(1);
        assertThat(costOf(BlockOperation.DISCARD, 1L << 40, hundred)).isEqualTo(1);
        assertThat(costOf(BlockOperation.WRITE_ZEROES, 1L << 40, hundred)).isEqualTo(1);
        world.limit(LimitKind.RW_BYTES, 1 << 20);
        exhaust();
        world.run(SECOND);
        assertThat(submit(BlockOperation.DISCARD, 1L << 40).isDone()).isTrue();
        assertThat(submit(BlockOperation.READ, 4 * KIB).isDone()).isTrue();
    }

    @Test
    void requestsThatFailHavePaid() {
        world.limit(LimitKind.RW_IOS, 1000);
        exhaust();
        world.run(SECOND);
        world.base.answer = BlockStatus.OUT_OF_RANGE;
        int failed = 0;
        while (submit(BlockOperation.READ, 4 * KIB).isDone()) {
            failed++;
        }
        assertThat(failed).isBetween(19, 22);
    }

    @Test
    void aHigherLimitHoldsAtOnceForWhatWaits() {
        world.limit(LimitKind.RW_IOS, 10);
        exhaust();
        final List<Request> asked = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            asked.add(submit(BlockOperation.READ, 4 * KIB));
        }
        world.run(SECOND / 10);
        assertThat(asked.stream().filter(Request::isDone).count()).isLessThan(3);
        world.limit(LimitKind.RW_IOS, 1000);
        world.run(SECOND / 10);
        assertThat(asked).allMatch(Request::isDone);
        assertThat(world.base.came).containsExactlyElementsOf(asked);
    }

    @Test
    void aLowerLimitHoldsAtOnceForWhatWaits() {
        world.limit(LimitKind.RW_IOS, 1000);
        exhaust();
        final List<Request> asked = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            asked.add(submit(BlockOperation.READ, 4 * KIB));
        }
        world.limit(LimitKind.RW_IOS, 10);
        world.run(SECOND);
        assertThat(asked.stream().filter(Request::isDone).count()).isBetween(9L, 13L);
    }

    @Test
    void withoutLimitWhatWaitsGoesAtOnceInItsOrder() {
        world.limit(new QosLimits(
                Map.of(LimitKind.R_IOS, Rate.of(10), LimitKind.W_IOS, Rate.of(20)), QosLimits.UNIT_BYTES));
        exhaust();
        final List<Request> asked = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            asked.add(submit(i % 2 == 0 ? BlockOperation.READ : BlockOperation.WRITE, 4 * KIB));
            world.step(1000);
        }
        world.limit(QosLimits.NONE);
        assertThat(asked).allMatch(request -> request.isDone() && request.completions <= 1);
    }

    @Test
    void whoWaitsForAllThatIsInFlightNeedNotWaitForLimits() {
        world.limit(LimitKind.RW_IOS, 10);
        exhaust();
        final List<Request> asked = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            asked.add(submit(BlockOperation.WRITE, 4 * KIB));
        }
        channel.hurry(true);
        assertThat(asked).allMatch(request -> request.completions == 1 && request.status == BlockStatus.OK);
        assertThat(channel.inFlight()).isZero();
        // Paid is paid: two seconds' worth went.
        final Request next = submit(BlockOperation.WRITE, 4 * KIB);
        world.run(SECOND + SECOND / 2);
        assertThat(next.isDone()).isFalse();
        world.run(SECOND);
        assertThat(next.isDone()).isTrue();
    }

    @Test
    void whatIsNotWantedAnyMoreNeverReachesTheDevice() {
        world.limit(LimitKind.RW_IOS, 10);
        exhaust();
        final Request dropped = submit(BlockOperation.WRITE, 4 * KIB);
        channel.hurry(false);
        assertThat(dropped.status).isEqualTo(BlockStatus.IO_ERROR);
        world.run(SECOND);
        assertThat(world.base.came).isEmpty();
    }

    @Test
    void tellsWhatItHeldBack() {
        world.limit(LimitKind.RW_IOS, 1000);
        exhaust();
        final QosStatistics before = world.volume.statistics();
        submit(BlockOperation.READ, 4 * KIB);
        submit(BlockOperation.READ, 4 * KIB);
        assertThat(world.volume.statistics().waiting()).isEqualTo(2);
        assertThat(world.volume.tokens(LimitKind.RW_IOS)).isNegative();
        world.run(10 * MS);
        final QosStatistics after = world.volume.statistics();
        assertThat(after.throttled() - before.throttled()).isEqualTo(2);
        assertThat(after.waiting()).isZero();
        assertThat(after.waitSumNs() - before.waitSumNs()).isBetween(2 * MS, 9 * MS);
        assertThat(after.waitMaxNs()).isBetween(MS, 5 * MS);
        channel.close();
        assertThat(world.volume.statistics()).isEqualTo(after);
    }

    @Test
    void creditStaysWhatItIsWhenLimitsChange() {
        world.limit(LimitedWorld.limits(LimitKind.RW_IOS, new Rate(100, 1000, 10)));
        assertThat(world.volume.credit(LimitKind.RW_IOS)).isEqualTo(1);
        world.volume.credits(0.5);
        world.limit(LimitedWorld.limits(LimitKind.RW_IOS, new Rate(200, 5000, 60)));
        assertThat(world.volume.credit(LimitKind.RW_IOS)).isBetween(0.49, 0.51);
    }

    @Test
    void allocatesNothing() {
        world.limit(new QosLimits(
                Map.of(
                        LimitKind.RW_IOS, Rate.of(1_000_000),
                        LimitKind.RW_BYTES, new Rate(1L << 32, 1L << 33, 10),
                        LimitKind.W_IOS, Rate.of(500_000)),
                QosLimits.UNIT_BYTES));
        world.base.remembers = false;
        final Request[] requests = new Request[32];
        for (int i = 0; i < requests.length; i++) {
            requests[i] = new Request().of(i % 2 == 0 ? BlockOperation.READ : BlockOperation.WRITE, 4 * KIB);
        }
        final long before = world.volume.statistics().throttled();
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    for (final Request request : requests) {
                        if (request.isDone()) {
                            request.submitTo(channel);
                        }
                    }
                    world.clock.advance(20_000);
                    world.reactors[0].runOnce();
                }))
                .isZero();
        assertThat(world.volume.statistics().throttled() - before).isGreaterThan(100_000);
    }
}
