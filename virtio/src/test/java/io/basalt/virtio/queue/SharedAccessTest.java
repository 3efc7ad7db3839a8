package io.basalt.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.memory.HostMemory;
import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Row 4, double fetch: an adversary that overwrites every guest byte as soon as the device has read it.
class SharedAccessTest {
    /// Overwrites what was read and remembers it.
    private static final class Adversary implements SharedAccess.Observer {
        private final RandomGenerator random;
        private final Set<Long> read = new HashSet<>();
        private final Set<Long> readTwice = new HashSet<>();

        Adversary(RandomGenerator random) {
            this.random = random;
        }

        @Override
        public void loaded(long address, int bytes) {
            // What the store itself reports falls on deaf ears: stores are not looked at.
            for (long at = address; at < address + bytes; at++) {
                if (!read.add(at)) {
                    readTwice.add(at);
                }
                HostMemory.store8(at, 0, random.nextInt());
            }
        }

        @Override
        public void stored(long address, int bytes) {}
    }

    /// One pop under attack: the chain must be the one that was offered, from bytes that were read once each.
    static final class PopUnderAttack implements Runnable {
        @Override
        public void run() {
            SeededTest.run(500, random -> attack(random, random.nextBoolean(), random.nextBoolean()));
        }

        private static void attack(RandomGenerator random, boolean packed, boolean indirect) {
            final GuestRig rig = new GuestRig(
                    16, (packed ? GuestRig.PACKED : GuestRig.SPLIT) | GuestRig.INDIRECT | GuestRig.EVENT_IDX);
            final Virtqueue queue = Virtqueue.open(random.nextBoolean() ? rig.tracked() : rig.setup());
            final DescriptorChain chain = new DescriptorChain(16);
            final List<Long> expected = new ArrayList<>();
            final int count = 1 + random.nextInt(16);
            final int readable = random.nextInt(count + 1);
            for (int i = 0; i < count; i++) {
                final long address = random.nextLong();
                final int length = random.nextInt(1 << 20);
                assertThat(i < readable ? chain.addReadable(address, length) : chain.addWritable(address, length))
                        .isTrue();
                expected.add(address);
                expected.add((long) length);
            }
            final int id = rig.driver.add(chain, indirect);
            rig.driver.publish();
            final DescriptorChain into = new DescriptorChain(16);
            final Adversary adversary = new Adversary(random);
            SharedAccess.observer = adversary;
            final int result = queue.pop(into);
            SharedAccess.observer = null;
            assertThat(result).isEqualTo(1);
            assertThat(adversary.read).as("the instrumentation works").isNotEmpty();
            assertThat(adversary.readTwice).as("bytes read twice").isEmpty();
            assertThat(into.id()).isEqualTo(id);
            assertThat(into.readableCount()).isEqualTo(readable);
            final List<Long> seen = new ArrayList<>();
            for (int i = 0; i < into.count(); i++) {
                seen.add(into.address(i));
                seen.add((long) into.length(i));
            }
            assertThat(seen).isEqualTo(expected);
        }
    }

    @Test
    void row4EachGuestByteIsReadOnceAndBelievedOnce() throws ReflectiveOperationException {
        InstrumentedLoader.run(PopUnderAttack.class);
    }

    /// Counts the ordered store of the used index, and what one pass costs in accesses.
    private static final class Counter implements SharedAccess.Observer {
        private final GuestRig rig;
        private int indexStores;
        private int elementStores;
        private int indexLoads;

        Counter(GuestRig rig) {
            this.rig = rig;
        }

        private boolean isAt(long address, long ringOffset) {
            return address == rig.low.address() + ringOffset;
        }

        @Override
        public void loaded(long address, int bytes) {
            indexLoads += isAt(address, rig.driverArea + 2) ? 1 : 0;
        }

        @Override
        public void stored(long address, int bytes) {
            if (isAt(address, rig.deviceArea + 2)) {
                indexStores++;
            } else {
                assertThat(bytes).as("a used element is one store").isEqualTo(8);
                elementStores++;
            }
        }
    }

    /// A batch of a split queue.
    static final class Batch implements Runnable {
        @Override
        public void run() {
            final GuestRig rig = new GuestRig(16, GuestRig.SPLIT);
            final Virtqueue queue = Virtqueue.open(rig.setup());
            for (int i = 0; i < 8; i++) {
                rig.driver.add(GuestRig.chain(i), false);
            }
            rig.driver.publish();
            final Counter counter = new Counter(rig);
            SharedAccess.observer = counter;
            final DescriptorChain into = new DescriptorChain(16);
            for (int i = 0; i < 8; i++) {
                assertThat(queue.pop(into)).isEqualTo(1);
                queue.complete(into.id(), 1);
            }
            queue.publish();
            SharedAccess.observer = null;
            assertThat(counter.indexLoads).isEqualTo(1);
            assertThat(counter.indexStores).isEqualTo(1);
            assertThat(counter.elementStores).isEqualTo(8);
        }
    }

    @Test
    void aBatchCostsOneIndexLoadAndOneIndexStore() throws ReflectiveOperationException {
        InstrumentedLoader.run(Batch.class);
    }
}
