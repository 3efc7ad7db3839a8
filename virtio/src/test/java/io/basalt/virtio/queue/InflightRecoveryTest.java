package io.basalt.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.testkit.SeededTest;
import io.basalt.testkit.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// The device dies after any one of its stores to shared memory, and a new one takes over. Whatever the store:
/// every request is answered exactly once, with its own answer, and resubmission keeps the order of the driver.
class InflightRecoveryTest {
    /// Thrown out of the store at which the device dies.
    private static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /// Lets the device die after a number of its stores.
    private static final class Reaper implements SharedAccess.Observer {
        private long left = Long.MAX_VALUE;
        private long stores;
        private boolean deviceRuns;

        @Override
        public void loaded(long address, int bytes) {}

        @Override
        public void stored(long address, int bytes) {
            if (deviceRuns) {
                stores++;
                if (--left == 0) {
                    throw new Crash();
                }
            }
        }
    }

    /// A guest that goes on while its device dies and comes back. Each request carries its number in its first
    /// address; the device answers with the number as length.
    private static final class World {
        private final RandomGenerator random;
        private final Reaper reaper;
        private final GuestRig rig;
        private final Map<Integer, Integer> outstanding = new HashMap<>();
        private final List<int[]> taken = new ArrayList<>();
        private final DescriptorChain into = new DescriptorChain(GuestRig.TABLE_LENGTH);
        private Virtqueue queue;
        private int number;
        private int answered;
        private int lastPopped = -1;
        private int recoveries;

        World(RandomGenerator random, boolean packed, Reaper reaper) {
            this.random = random;
            this.reaper = reaper;
            final int size = packed ? 3 + random.nextInt(6) : 4 << random.nextInt(2);
            long features = (packed ? GuestRig.PACKED : GuestRig.SPLIT) | GuestRig.INDIRECT;
            features |= random.nextBoolean() ? GuestRig.EVENT_IDX : 0;
            rig = new GuestRig(size, features);
            queue = Virtqueue.open(rig.tracked());
        }

        /// One step of the driver and some of the device; a device that dies comes back later.
        void run(int steps, int recoveryCrash) {
            for (int i = 0; i < steps; i++) {
                driverStep();
                try {
                    reaper.deviceRuns = true;
                    deviceStep(random.nextInt(8));
                } catch (Crash e) {
                    recover(recoveryCrash);
                } finally {
                    reaper.deviceRuns = false;
                }
            }
        }

        private void driverStep() {
            final int choice = random.nextInt(3);
            if (choice == 0) {
                poll();
            } else if (choice == 1) {
                final int count = 2 + random.nextInt(2);
                final DescriptorChain chain = new DescriptorChain(count);
                chain.addReadable(number, 16);
                for (int i = 1; i < count; i++) {
                    chain.addWritable(i, 512);
                }
                if (rig.driver.free() > 0 || random.nextBoolean()) {
                    final int id = rig.driver.add(chain, random.nextInt(3) == 0);
                    if (id >= 0) {
                        assertThat(outstanding.put(id, number)).isNull();
                        number++;
                        rig.driver.publish();
                    }
                }
            }
        }

        private void poll() {
            final int id = rig.driver.poll();
            if (id >= 0) {
                assertThat(rig.driver.usedLength()).isEqualTo(outstanding.remove(id));
                answered++;
            }
        }

        private void deviceStep(int choice) {
            if (choice < 4) {
                pop();
            } else if (choice < 7) {
                if (!taken.isEmpty()) {
                    final int[] request = taken.get(random.nextInt(taken.size()));
                    taken.remove(request);
                    queue.complete(request[0], request[1]);
                }
            } else {
                queue.publish();
            }
        }

        private boolean pop() {
            final int result = queue.pop(into);
            assertThat(result).isNotNegative();
            if (result == 0) {
                return false;
            }
            final int popped = (int) into.address(0);
            assertThat(popped).as("order of the driver").isGreaterThan(lastPopped);
            lastPopped = popped;
            assertThat(outstanding).as("request is still wanted").containsEntry(into.id(), popped);
            taken.add(new int[] {into.id(), popped});
            return true;
        }

        /// The driver goes on meanwhile; the new device may die as well while it recovers.
        private void recover(int crashAfter) {
            reaper.deviceRuns = false;
            recoveries++;
            for (int i = random.nextInt(6); i > 0; i--) {
                driverStep();
            }
            taken.clear();
            lastPopped = -1;
            reaper.left = crashAfter;
            reaper.deviceRuns = true;
            try {
                queue = Virtqueue.open(rig.tracked());
                reaper.left = Long.MAX_VALUE;
                assertThat(queue.recovered()).isEqualTo(queue.inFlight());
            } catch (Crash e) {
                recover(Integer.MAX_VALUE);
            }
        }

        void finish() {
            while (pop()) {
                // Take all there is.
            }
            assertThat(queue.recovered()).isZero();
            for (final int[] request : taken) {
                queue.complete(request[0], request[1]);
            }
            queue.publish();
            for (int i = rig.size; i >= 0; i--) {
                poll();
            }
            assertThat(outstanding).as("requests never answered").isEmpty();
            assertThat(answered).isEqualTo(number);
            assertThat(rig.driver.free()).isEqualTo(rig.size);
        }
    }

    /// Crashes one workload at each of its stores.
    abstract static class CrashAtEveryStore implements Runnable {
        private static final int STEPS = 120;

        abstract boolean packed();

        @Override
        public void run() {
            SeededTest.run(6, seeds -> {
                final long seed = seeds.nextLong();
                final long stores = play(seed, Long.MAX_VALUE, Integer.MAX_VALUE);
                // Most runs have a hundred; how many depends on what the seed has the driver do.
                assertThat(stores).as("stores to crash at").isGreaterThan(10);
                for (long at = 1; at <= stores; at++) {
                    play(seed, at, Integer.MAX_VALUE);
                    play(seed, at, 1 + (int) (at % 7));
                }
            });
        }

        private long play(long seed, long crashAt, int recoveryCrash) {
            final Reaper reaper = new Reaper();
            SharedAccess.observer = reaper;
            try {
                final World world = new World(Seeds.random(seed), packed(), reaper);
                reaper.left = crashAt;
                world.run(STEPS, recoveryCrash);
                reaper.left = Long.MAX_VALUE;
                world.finish();
                assertThat(world.recoveries > 0).isEqualTo(crashAt != Long.MAX_VALUE);
                return reaper.stores;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("crash at store " + crashAt + ", in recovery at " + recoveryCrash, e);
            } finally {
                SharedAccess.observer = null;
            }
        }
    }

    /// The split layout.
    static final class SplitCrashes extends CrashAtEveryStore {
        @Override
        boolean packed() {
            return false;
        }
    }

    /// The packed layout.
    static final class PackedCrashes extends CrashAtEveryStore {
        @Override
        boolean packed() {
            return true;
        }
    }

    @Test
    void splitQueueLosesNothingWhicheverStoreIsItsLast() throws ReflectiveOperationException {
        InstrumentedLoader.run(SplitCrashes.class);
    }

    @Test
    void packedQueueLosesNothingWhicheverStoreIsItsLast() throws ReflectiveOperationException {
        InstrumentedLoader.run(PackedCrashes.class);
    }

    private final DescriptorChain into = new DescriptorChain(8);

    private static void offer(GuestRig rig, int count) {
        for (int i = 0; i < count; i++) {
            rig.driver.add(GuestRig.chain(i), false);
        }
        rig.driver.publish();
    }

    @Test
    void resubmitsInTheOrderTakenNotInTheOrderOfHeads() {
        for (final long features : new long[] {GuestRig.SPLIT, GuestRig.PACKED}) {
            final GuestRig rig = new GuestRig(8, features);
            final Virtqueue dead = Virtqueue.open(rig.tracked());
            offer(rig, 4);
            for (int i = 0; i < 4; i++) {
                dead.pop(into);
                dead.complete(into.id(), 0);
            }
            dead.publish();
            while (rig.driver.poll() >= 0) {
                // Frees ids in an order that the next ones reverse.
            }
            offer(rig, 3);
            for (int i = 0; i < 2; i++) {
                dead.pop(into);
            }
            final Virtqueue queue = Virtqueue.open(rig.tracked());
            assertThat(queue.inFlight()).isEqualTo(2);
            assertThat(queue.available()).isGreaterThanOrEqualTo(3);
            for (int i = 0; i < 3; i++) {
                assertThat(queue.pop(into)).isEqualTo(1);
                assertThat(into.address(0)).isEqualTo(GuestRig.HIGH + i);
            }
            assertThat(queue.pop(into)).isZero();
            assertThat(queue.publish())
                    .as("the call before the crash may be lost")
                    .isTrue();
            assertThat(queue.publish()).isFalse();
        }
    }

    /// A guest that comes from elsewhere has answered requests before the region is used for the first time.
    @Test
    void freshRegionOfAUsedRingLosesNothing() {
        for (final long features : new long[] {GuestRig.SPLIT, GuestRig.PACKED}) {
            final GuestRig rig = new GuestRig(8, features);
            final Virtqueue before = Virtqueue.open(rig.setup());
            offer(rig, 3);
            for (int i = 0; i < 3; i++) {
                before.pop(into);
                before.complete(into.id(), 0);
            }
            before.publish();
            while (rig.driver.poll() >= 0) {
                // All answered.
            }
            final QueueSetup tracked = rig.setup(rig.memory, before.base(), true, rig.inflight, null);
            offer(rig, 2);
            final Virtqueue dead = Virtqueue.open(tracked);
            assertThat(dead.recovered()).isZero();
            assertThat(dead.pop(into)).isEqualTo(1);
            final Virtqueue queue = Virtqueue.open(tracked);
            assertThat(queue.recovered()).isEqualTo(1);
            for (int i = 0; i < 2; i++) {
                assertThat(queue.pop(into)).isEqualTo(1);
                assertThat(into.address(0)).isEqualTo(GuestRig.HIGH + i);
            }
        }
    }

    @Test
    void refusesARegionThatContradictsTheRing() {
        final GuestRig rig = new GuestRig(8, GuestRig.SPLIT);
        offer(rig, 2);
        final Virtqueue dead = Virtqueue.open(rig.tracked());
        dead.pop(into);
        final int head = into.id();
        // A second head in flight that the driver only offers later.
        final int later = RingMemory.load16(rig.low, rig.driverArea + 4 + 2);
        RingMemory.store16(rig.low, rig.driverArea + 2, 3);
        RingMemory.store16(rig.low, rig.driverArea + 4 + 4, later);
        RingMemory.store8(rig.inflight, 16 + 16L * later, 1);
        RingMemory.store64(rig.inflight, 16 + 16L * later + 8, 77);
        assertRefused(rig, "still in the available ring");
        RingMemory.store16(rig.low, rig.driverArea + 2, 1);
        assertRefused(rig, "2 requests in flight");
        RingMemory.store8(rig.inflight, 16 + 16L * later, 2);
        assertRefused(rig, "inflight of head");
        RingMemory.store8(rig.inflight, 16 + 16L * later, 1);
        RingMemory.store64(rig.inflight, 16 + 16L * later + 8, 0);
        RingMemory.store64(rig.inflight, 16 + 16L * head + 8, 0);
        assertRefused(rig, "same counter");
        RingMemory.store16(rig.inflight, 14, 9);
        assertRefused(rig, "used_idx");
        RingMemory.store16(rig.inflight, 14, 0xfffd);
        RingMemory.store16(rig.inflight, 12, 8);
        assertRefused(rig, "last batch");
        RingMemory.store16(rig.inflight, 10, 4);
        assertRefused(rig, "desc_num");
        RingMemory.store16(rig.inflight, 8, 2);
        assertRefused(rig, "version");
    }

    private static void assertRefused(GuestRig rig, String why) {
        assertThatThrownBy(() -> Virtqueue.open(rig.tracked()))
                .isInstanceOf(QueueSetupException.class)
                .hasMessageContaining(why);
    }

    @Test
    void placesTheQueuesAsOtherBackEndsDo() {
        final InflightLayout split = new InflightLayout(false, 2, 128);
        assertThat(split.queueBytes()).isEqualTo(2112);
        assertThat(split.regionBytes()).isEqualTo(4224);
        assertThat(split.offset(1)).isEqualTo(2112);
        assertThat(new InflightLayout(true, 1, 128).queueBytes()).isEqualTo(32 + 32 * 128 + 32);
    }
}
