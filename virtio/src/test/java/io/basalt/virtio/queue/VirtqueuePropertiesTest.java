package io.basalt.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Both layouts against a model: two lists of what was offered and what was answered.
class VirtqueuePropertiesTest {
    /// A chain as the model keeps it.
    private record Offer(int id, List<Long> addresses, List<Integer> lengths, int readableCount) {}

    /// An answer as the model keeps it.
    private record Answer(int id, int written) {}

    /// Driver, device and model, moved by random steps.
    private static final class Model {
        private final RandomGenerator random;
        private final GuestRig rig;
        private final boolean tracked;
        private final DescriptorChain into;
        private final ArrayDeque<Offer> added = new ArrayDeque<>();
        private final ArrayDeque<Offer> offered = new ArrayDeque<>();
        private final Map<Integer, Offer> taken = new HashMap<>();
        private final ArrayDeque<Answer> completed = new ArrayDeque<>();
        private final ArrayDeque<Answer> answered = new ArrayDeque<>();
        private Virtqueue queue;
        private int answers;

        Model(RandomGenerator random, boolean packed) {
            this.random = random;
            final int size = packed ? 1 + random.nextInt(20) : 1 << random.nextInt(6);
            long features = packed ? GuestRig.PACKED : GuestRig.SPLIT;
            features |= random.nextBoolean() ? GuestRig.INDIRECT : 0;
            features |= random.nextBoolean() ? GuestRig.EVENT_IDX : 0;
            rig = new GuestRig(size, features);
            tracked = random.nextBoolean();
            into = new DescriptorChain(Math.max(size, GuestRig.TABLE_LENGTH));
            queue = Virtqueue.open(tracked ? rig.tracked() : rig.setup());
        }

        void step() {
            switch (random.nextInt(8)) {
                case 0, 1 -> add();
                case 2 -> {
                    rig.driver.publish();
                    offered.addAll(added);
                    added.clear();
                }
                case 3, 4 -> pop();
                case 5 -> complete();
                case 6 -> {
                    queue.publish();
                    answered.addAll(completed);
                    completed.clear();
                }
                default -> poll();
            }
            assertThat(queue.inFlight()).isEqualTo(taken.size());
            assertThat(queue.available() > 0).isEqualTo(!offered.isEmpty());
        }

        private void add() {
            final boolean indirect = (rig.features & GuestRig.INDIRECT) != 0 && random.nextBoolean();
            final int most = indirect ? GuestRig.TABLE_LENGTH : rig.size;
            final DescriptorChain chain = new DescriptorChain(most);
            final int count = 1 + random.nextInt(most);
            final int readable = random.nextInt(count + 1);
            final List<Long> addresses = new ArrayList<>();
            final List<Integer> lengths = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                addresses.add(random.nextLong());
                lengths.add(random.nextInt(1 << 20));
                final boolean ok = i < readable
                        ? chain.addReadable(addresses.get(i), lengths.get(i))
                        : chain.addWritable(addresses.get(i), lengths.get(i));
                assertThat(ok).isTrue();
            }
            final int free = rig.driver.free();
            final int id = rig.driver.add(chain, indirect);
            assertThat(id >= 0).isEqualTo(free >= (indirect ? 1 : count));
            if (id >= 0) {
                added.add(new Offer(id, addresses, lengths, readable));
            }
        }

        private void pop() {
            final int result = queue.pop(into);
            if (offered.isEmpty()) {
                assertThat(result).isZero();
                return;
            }
            assertThat(result).isEqualTo(1);
            final List<Long> addresses = new ArrayList<>();
            final List<Integer> lengths = new ArrayList<>();
            for (int i = 0; i < into.count(); i++) {
                addresses.add(into.address(i));
                lengths.add(into.length(i));
            }
            final Offer seen = new Offer(into.id(), addresses, lengths, into.readableCount());
            assertThat(seen).isEqualTo(offered.remove());
            taken.put(seen.id(), seen);
        }

        private void complete() {
            if (taken.isEmpty()) {
                return;
            }
            final List<Integer> ids = new ArrayList<>(taken.keySet());
            final int id = ids.get(random.nextInt(ids.size()));
            final int written = random.nextInt();
            queue.complete(id, written);
            taken.remove(id);
            completed.add(new Answer(id, written));
        }

        private void poll() {
            final int id = rig.driver.poll();
            if (answered.isEmpty()) {
                assertThat(id).isEqualTo(-1);
            } else {
                assertThat(new Answer(id, rig.driver.usedLength())).isEqualTo(answered.remove());
                answers++;
            }
        }

        /// Nothing in flight: the state that GET_VRING_BASE hands over.
        void reopenIfDrained() {
            if (taken.isEmpty() && completed.isEmpty()) {
                queue = Virtqueue.open(rig.setup(rig.memory, queue.base(), true, tracked ? rig.inflight : null, null));
            }
        }
    }

    @Test
    void splitQueueBehavesLikeTheModel() {
        SeededTest.run(300, random -> run(new Model(random, false), 400));
    }

    @Test
    void packedQueueBehavesLikeTheModel() {
        SeededTest.run(300, random -> run(new Model(random, true), 400));
    }

    /// Long enough that 16-bit indices wrap around several times.
    @Test
    void splitIndicesWrapAround() {
        SeededTest.run(1, random -> runUntil(new Model(random, false), 70_000));
    }

    @Test
    void packedPositionsWrapAround() {
        SeededTest.run(1, random -> runUntil(new Model(random, true), 70_000));
    }

    private static void run(Model model, int steps) {
        for (int i = 0; i < steps; i++) {
            model.step();
            if (i % 50 == 0) {
                model.reopenIfDrained();
            }
        }
    }

    private static void runUntil(Model model, int answers) {
        while (model.answers < answers) {
            model.step();
        }
    }
}
