package io.basalt.gate.qos;

import static io.basalt.gate.qos.LimitedWorld.MS;
import static io.basalt.gate.qos.LimitedWorld.SECOND;
import static io.basalt.gate.qos.LimitedWorld.US;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.assertj.core.data.Percentage.withPercentage;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.gate.qos.LimitedWorld.Request;
import io.basalt.testkit.SeededTest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// How exact limits are, in virtual time, under load of many kinds on several reactors whose passes take as long as
/// they like.
class QosAccuracyTest {
    /// Longest pass of a reactor that does not stand still.
    private static final long PASS_NS = 100 * US;
    /// Longest stand-still: a thread that was not scheduled.
    private static final long STALL_NS = 10 * MS;

    /// A front end that keeps so many requests in flight, and is on one reactor.
    private static final class Queue {
        final LimitedWorld world;
        final int reactor;
        final Deque<Request> idle = new ArrayDeque<>();
        long done;

        Queue(LimitedWorld world, int reactor, int depth, BlockOperation operation, long length) {
            this.world = world;
            this.reactor = reactor;
            for (int i = 0; i < depth; i++) {
                final Request request = new Request() {
                    @Override
                    public void completed(BlockStatus answered) {
                        super.completed(answered);
                        idle.add(this);
                    }
                };
                idle.add(request.of(operation, length));
            }
        }

        /// Submit what has been answered anew, as a poll does: so many at most.
        void poll() {
            for (int left = 64; left > 0 && !idle.isEmpty(); left--) {
                final Request request = idle.remove();
                done++;
                if (request.submitTo(world.channels[reactor])) {
                    idle.add(request);
                }
            }
        }
    }

    /// Run queues until a moment; passes take between 1 µs and a bound, and now and then the machine stands still.
    private static void run(
            LimitedWorld world, List<Queue> queues, long untilNs, long stallNs, RandomGenerator random) {
        while (world.clock.nanoTime() < untilNs) {
            final boolean stalls = stallNs > 0 && random.nextInt(5000) == 0;
            world.clock.advance(stalls ? random.nextLong(stallNs) : US + random.nextLong(PASS_NS));
            for (int reactor = 0; reactor < world.reactors.length; reactor++) {
                world.reactors[reactor].runOnce();
                for (final Queue queue : queues) {
                    if (queue.reactor == reactor) {
                        queue.poll();
                    }
                }
            }
        }
    }

    @Test
    void limitsOfRequestsAreKeptToWithinTwoPercent() {
        SeededTest.run(100, random -> {
            final int queueCount = random.nextBoolean() ? 1 : 4;
            final LimitedWorld world = world(queueCount, random);
            final long rate = (long) (1000 * Math.pow(200, random.nextDouble()));
            world.limit(LimitKind.RW_IOS, rate);
            final List<Queue> queues = queues(world, queueCount, 16 + random.nextInt(112), 4096, random);
            assertKept(world, queues, (double) rate, random);
        });
    }

    @Test
    void limitsOfBytesAreKeptToWithinTwoPercent() {
        SeededTest.run(100, random -> {
            final int queueCount = random.nextBoolean() ? 1 : 4;
            final LimitedWorld world = world(queueCount, random);
            final long rate = (long) ((10 << 20) * Math.pow(200, random.nextDouble()));
            final long length = 4096L << random.nextInt(5);
            world.limit(LimitKind.RW_BYTES, rate);
            final List<Queue> queues = queues(world, queueCount, 16 + random.nextInt(112), length, random);
            assertKept(world, queues, (double) rate / length, random);
        });
    }

    private static LimitedWorld world(int queueCount, RandomGenerator random) {
        final LimitedWorld world = new LimitedWorld(1 + random.nextInt(queueCount));
        world.base.remembers = false;
        return world;
    }

    private static List<Queue> queues(LimitedWorld world, int count, int depth, long length, RandomGenerator random) {
        final List<Queue> queues = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final BlockOperation operation = random.nextBoolean() ? BlockOperation.READ : BlockOperation.WRITE;
            queues.add(new Queue(world, i % world.reactors.length, depth, operation, length));
        }
        return queues;
    }

    /// One second, behind the first moments: what ten would show, at a tenth of the cost.
    private static void assertKept(LimitedWorld world, List<Queue> queues, double perSecond, RandomGenerator random) {
        run(world, queues, world.clock.nanoTime() + 50 * MS, 0, random);
        final long before = world.base.count;
        final long startNs = world.clock.nanoTime();
        run(world, queues, startNs + SECOND, STALL_NS, random);
        run(world, queues, world.clock.nanoTime() + 20 * MS, 0, random);
        final double seconds = (double) (world.clock.nanoTime() - startNs) / SECOND;
        assertThat((world.base.count - before) / seconds).isCloseTo(perSecond, withPercentage(2));
    }

    @Test
    void queuesOfTheSameDepthGetTheSameShareOnWhateverReactorsTheyAre() {
        SeededTest.run(100, random -> {
            final int queueCount = 2 + random.nextInt(6);
            final LimitedWorld world = world(queueCount, random);
            final long rate = 1000L + random.nextInt(50_000);
            world.limit(LimitKind.RW_IOS, rate);
            final List<Queue> queues = queues(world, queueCount, 32, 4096, random);
            run(world, queues, world.clock.nanoTime() + 50 * MS, 0, random);
            queues.forEach(queue -> queue.done = 0);
            run(world, queues, world.clock.nanoTime() + SECOND / 2, 0, random);
            final double fair =
                    queues.stream().mapToLong(queue -> queue.done).average().orElseThrow();
            queues.forEach(queue -> assertThat((double) queue.done).isCloseTo(fair, offset(16 + fair / 10)));
        });
    }

    @Test
    void aLimitIsNeverExceededByMoreThanItsSlack() {
        SeededTest.run(100, random -> {
            final LimitedWorld world = world(4, random);
            final long rate = 1000L + random.nextInt(100_000);
            world.limit(LimitKind.RW_IOS, rate);
            final List<Queue> queues = queues(world, 4, 1 + random.nextInt(64), 4096, random);
            final long startNs = world.clock.nanoTime();
            long most = 0;
            for (int burst = 0; burst < 20; burst++) {
                run(world, queues, world.clock.nanoTime() + random.nextLong(20 * MS), STALL_NS, random);
                final double seconds = (double) (world.clock.nanoTime() - startNs + Throttle.SLACK_NS) / SECOND;
                most = (long) Math.ceil(rate * seconds) + world.reactors.length;
                assertThat(world.base.count).isLessThanOrEqualTo(most);
                world.step(random.nextLong(5 * MS));
            }
        });
    }

    @Test
    void whatArrivesBelowTheLimitNeverWaits() {
        SeededTest.run(100, random -> {
            final LimitedWorld world = world(4, random);
            final long rate = 1000L + random.nextInt(50_000);
            world.limit(LimitKind.RW_IOS, rate);
            // 70 % of the limit, at random times, on random reactors.
            final double meanNs = SECOND / (rate * 0.7);
            final Request request = new Request().of(BlockOperation.READ, 4096);
            int waited = 0;
            for (int i = 0; i < 1000; i++) {
                world.step((long) (-Math.log(1 - random.nextDouble()) * meanNs));
                if (!request.submitTo(world.channels[random.nextInt(world.channels.length)])) {
                    waited++;
                    world.run(10 * MS);
                }
            }
            assertThat(waited).isLessThanOrEqualTo(5);
        });
    }

    @Test
    void aBurstLastsAsLongAsItsCreditAndComesBackWhileTheDiskIsIdle() {
        SeededTest.run(100, random -> {
            final LimitedWorld world = world(4, random);
            final long base = 500L + random.nextInt(2000);
            final long burst = base * (2 + random.nextInt(8));
            final int seconds = 1;
            world.limit(LimitedWorld.limits(LimitKind.RW_IOS, new Rate(base, burst, seconds)));
            // Few: what waits has paid, and has to be made up for before there is credit again.
            final List<Queue> queues = queues(world, 4, 4, 4096, random);
            assertRate(world, queues, seconds, burst, random);
            // The credit is spent: the base remains.
            run(world, queues, world.clock.nanoTime() + 200 * MS, 0, random);
            assertRate(world, queues, 1, base, random);
            // Half of the credit comes back in as long as it takes at the base.
            world.step((long) ((burst - base) * (double) seconds / base / 2 * SECOND));
            assertThat(world.volume.credit(LimitKind.RW_IOS)).isBetween(0.4, 0.55);
            assertRate(world, queues, seconds * 0.4, burst, random);
        });
    }

    private static void assertRate(
            LimitedWorld world, List<Queue> queues, double seconds, long rate, RandomGenerator random) {
        final long before = world.base.count;
        final long startNs = world.clock.nanoTime();
        run(world, queues, startNs + (long) (seconds * SECOND), 0, random);
        final double took = (double) (world.clock.nanoTime() - startNs) / SECOND;
        assertThat((double) (world.base.count - before) / took).isCloseTo((double) rate, withPercentage(6));
    }

    @Test
    void theTighterOfTwoLimitsHolds() {
        SeededTest.run(100, random -> {
            final LimitedWorld world = world(4, random);
            final long requests = 1000L + random.nextInt(20_000);
            final long bytes = (1 << 20) * (4L + random.nextInt(200));
            final long length = 4096L << random.nextInt(5);
            world.limit(new QosLimits(
                    Map.of(LimitKind.RW_IOS, Rate.of(requests), LimitKind.RW_BYTES, Rate.of(bytes)),
                    QosLimits.UNIT_BYTES));
            final List<Queue> queues = queues(world, 4, 32, length, random);
            assertKept(world, queues, Math.min((double) requests, (double) bytes / length), random);
        });
    }
}
