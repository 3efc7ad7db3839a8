package io.basalt.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VirtqueueTest {
    private final DescriptorChain into = new DescriptorChain(64);

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void carriesAChainToTheDeviceAndItsAnswerBack(long layout) {
        final GuestRig rig = new GuestRig(8, layout);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        final int id = rig.driver.add(GuestRig.chain(7), false);
        assertThat(queue.pop(into)).isZero();
        rig.driver.publish();
        assertThat(queue.available()).isEqualTo(1);
        assertThat(queue.pop(into)).isEqualTo(1);
        assertThat(into.id()).isEqualTo(id);
        assertThat(into.count()).isEqualTo(2);
        assertThat(into.readableCount()).isEqualTo(1);
        assertThat(into.address(0)).isEqualTo(GuestRig.HIGH + 7);
        assertThat(into.length(0)).isEqualTo(16);
        assertThat(into.readableBytes()).isEqualTo(16);
        assertThat(into.writableBytes()).isEqualTo(1);
        assertThat(queue.inFlight()).isEqualTo(1);
        queue.complete(id, 1);
        assertThat(queue.inFlight()).isZero();
        assertThat(rig.driver.poll()).isEqualTo(-1);
        assertThat(queue.publish()).isTrue();
        assertThat(rig.driver.poll()).isEqualTo(id);
        assertThat(rig.driver.usedLength()).isEqualTo(1);
        assertThat(rig.driver.poll()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void showsNothingOfABatchBeforeItIsPublished(long layout) {
        final GuestRig rig = new GuestRig(8, layout);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        for (int i = 0; i < 3; i++) {
            rig.driver.add(GuestRig.chain(i), false);
        }
        rig.driver.publish();
        final int[] ids = new int[3];
        for (int i = 0; i < 3; i++) {
            assertThat(queue.pop(into)).isEqualTo(1);
            ids[i] = into.id();
        }
        for (int i = 2; i >= 0; i--) {
            queue.complete(ids[i], i);
            assertThat(rig.driver.poll()).isEqualTo(-1);
        }
        queue.publish();
        for (int i = 2; i >= 0; i--) {
            assertThat(rig.driver.poll()).isEqualTo(ids[i]);
            assertThat(rig.driver.usedLength()).isEqualTo(i);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void callsOnlyADriverThatWantsIt(long layout) {
        for (final long features : new long[] {layout, layout | GuestRig.EVENT_IDX}) {
            final GuestRig rig = new GuestRig(8, features);
            final Virtqueue queue = Virtqueue.open(rig.setup());
            rig.driver.disableCalls();
            assertThat(answerOne(rig, queue)).isFalse();
            assertThat(rig.driver.enableCalls()).isTrue();
            assertThat(answerOne(rig, queue)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void callsOnceForTheEventTheDriverNamed(long layout) {
        final GuestRig rig = new GuestRig(4, layout | GuestRig.EVENT_IDX);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        for (int lap = 0; lap < 20; lap++) {
            rig.driver.enableCalls();
            assertThat(answerOne(rig, queue)).as("first answer after asking").isTrue();
            assertThat(answerOne(rig, queue)).as("second answer without asking").isFalse();
            assertThat(answerOne(rig, queue)).as("third answer without asking").isFalse();
        }
    }

    private boolean answerOne(GuestRig rig, Virtqueue queue) {
        final int id = rig.driver.add(GuestRig.chain(0), false);
        rig.driver.publish();
        assertThat(queue.pop(into)).isEqualTo(1);
        queue.complete(id, 0);
        final boolean call = queue.publish();
        assertThat(rig.driver.poll()).isEqualTo(id);
        return call;
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void asksForKicksOnlyWhileNotPolling(long layout) {
        for (final long features : new long[] {layout, layout | GuestRig.EVENT_IDX}) {
            final GuestRig rig = new GuestRig(8, features);
            final Virtqueue queue = Virtqueue.open(rig.setup());
            queue.disableNotifications();
            rig.driver.add(GuestRig.chain(0), false);
            assertThat(rig.driver.publish()).isFalse();
            assertThat(queue.enableNotifications())
                    .as("a chain is there already")
                    .isFalse();
            assertThat(queue.pop(into)).isEqualTo(1);
            assertThat(queue.enableNotifications()).isTrue();
            rig.driver.add(GuestRig.chain(1), false);
            assertThat(rig.driver.publish()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT | GuestRig.EVENT_IDX, GuestRig.PACKED | GuestRig.EVENT_IDX})
    void staysWithoutKicksOverMoreRequestsThanAnIndexCounts(long features) {
        final GuestRig rig = new GuestRig(8, features);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        queue.disableNotifications();
        rig.driver.disableCalls();
        final DescriptorChain chain = GuestRig.chain(0);
        for (int i = 0; i < 100_000; i++) {
            final int id = rig.driver.add(chain, false);
            assertThat(rig.driver.publish()).isFalse();
            queue.pop(into);
            queue.complete(id, 0);
            assertThat(queue.publish()).isFalse();
            rig.driver.poll();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void takesNothingWhileDisabled(long layout) {
        final GuestRig rig = new GuestRig(8, layout);
        final Virtqueue queue = Virtqueue.open(rig.setup(rig.memory, rig.driver.base(), false, null, null));
        rig.driver.add(GuestRig.chain(0), false);
        rig.driver.add(GuestRig.chain(1), false);
        rig.driver.publish();
        assertThat(queue.pop(into)).isZero();
        queue.change(rig.setup());
        assertThat(queue.pop(into)).isEqualTo(1);
        queue.change(rig.setup(rig.memory, rig.driver.base(), false, null, null));
        assertThat(queue.pop(into)).isZero();
        queue.complete(into.id(), 0);
        queue.publish();
        assertThat(rig.driver.poll()).isNotNegative();
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void goesOnAtTheBaseThatItStoppedAt(long layout) {
        final GuestRig rig = new GuestRig(8, layout);
        Virtqueue queue = Virtqueue.open(rig.setup());
        for (int i = 0; i < 100; i++) {
            answerOne(rig, queue);
            if (i % 7 == 0) {
                queue = Virtqueue.open(rig.setup(rig.memory, queue.base(), true, null, null));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void keepsItsStateWhenMemoryIsMappedAnew(long layout) {
        final GuestRig rig = new GuestRig(8, layout);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        rig.driver.add(GuestRig.chain(0), false);
        rig.driver.publish();
        assertThat(queue.pop(into)).isEqualTo(1);
        final MemorySegment moved = Arena.ofAuto().allocate(GuestRig.REGION_BYTES, 4096);
        moved.copyFrom(rig.low);
        final GuestMemory table = GuestMemory.of(List.of(new GuestRegion(GuestRig.LOW, GuestRig.LOW_USER, moved)));
        queue.change(rig.setup(table, rig.driver.base(), true, null, null));
        queue.complete(into.id(), 5);
        queue.publish();
        assertThat(rig.driver.poll()).as("the old mapping is not touched").isEqualTo(-1);
        rig.low.copyFrom(moved);
        assertThat(rig.driver.poll()).isEqualTo(into.id());
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void refusesAChangeToAnotherRing(long layout) {
        final GuestRig rig = new GuestRig(8, layout);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        assertThatThrownBy(() -> queue.change(rig.tracked()))
                .isInstanceOf(QueueSetupException.class)
                .hasMessageContaining("inflight region");
        assertThatThrownBy(() -> queue.change(new GuestRig(4, layout).setup()))
                .isInstanceOf(QueueSetupException.class)
                .hasMessageContaining("size");
        assertThatThrownBy(() -> queue.change(new GuestRig(8, layout | GuestRig.EVENT_IDX).setup()))
                .isInstanceOf(QueueSetupException.class)
                .hasMessageContaining("features");
        assertThatThrownBy(() -> queue.change(rig.setup(GuestMemory.EMPTY, 0, true, null, null)))
                .isInstanceOf(QueueSetupException.class)
                .hasMessageContaining("memory region");
        assertThat(queue.setup().memory()).isSameAs(rig.memory);
        assertThat(answerOne(rig, queue)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {GuestRig.SPLIT, GuestRig.PACKED})
    void logsWhatItWritesToTheRing(long layout) {
        final GuestRig rig = new GuestRig(8, layout | GuestRig.EVENT_IDX);
        final MemorySegment bitmap = Arena.ofAuto().allocate(64, 8);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        queue.change(rig.setup(rig.memory, rig.driver.base(), true, null, new DirtyLog(bitmap)));
        assertThat(bitmap.mismatch(Arena.ofAuto().allocate(64))).isEqualTo(-1);
        answerOne(rig, queue);
        // The ring of 8 lies in the first page of the region.
        final int page = (int) (GuestRig.LOW >>> 12);
        assertThat(RingMemory.load8(bitmap, page / 8)).isEqualTo(1 << page % 8);
        bitmap.fill((byte) 0);
        queue.disableNotifications();
        assertThat(RingMemory.load8(bitmap, page / 8)).isEqualTo(1 << page % 8);
    }

    @Test
    void acceptsAnIndirectTableBehindOrdinaryDescriptors() {
        final GuestRig rig = new GuestRig(8, GuestRig.SPLIT | GuestRig.INDIRECT);
        final long table = GuestRig.LOW + 0x8000;
        rig.descriptor(0, 0x1000, 16, VirtqueueSpec.VIRTQ_DESC_F_NEXT, 3);
        rig.descriptor(3, table, 32, VirtqueueSpec.VIRTQ_DESC_F_INDIRECT, 0);
        rig.descriptor(table, 0, 0x2000, 512, VirtqueueSpec.VIRTQ_DESC_F_NEXT, 1);
        rig.descriptor(table, 1, 0x3000, 1, VirtqueueSpec.VIRTQ_DESC_F_WRITE, 0);
        rig.offer(0);
        assertThat(Virtqueue.open(rig.setup()).pop(into)).isEqualTo(1);
        assertThat(into.count()).isEqualTo(3);
        assertThat(into.readableCount()).isEqualTo(2);
        assertThat(into.readableBytes()).isEqualTo(528);
        assertThat(into.address(2)).isEqualTo(0x3000);
    }

    @Test
    void givesADriverOfAPackedRingTheWriteFlagOnlyForWrittenBytes() {
        final GuestRig rig = new GuestRig(4, GuestRig.PACKED);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        rig.driver.add(GuestRig.chain(0), false);
        rig.driver.add(GuestRig.chain(1), false);
        rig.driver.publish();
        for (int i = 0; i < 2; i++) {
            queue.pop(into);
            queue.complete(into.id(), i);
        }
        queue.publish();
        assertThat(RingMemory.load16(rig.low, rig.descriptors + 14) & VirtqueueSpec.VIRTQ_DESC_F_WRITE)
                .isZero();
        assertThat(RingMemory.load16(rig.low, rig.descriptors + 2 * 16 + 14) & VirtqueueSpec.VIRTQ_DESC_F_WRITE)
                .isNotZero();
    }
}
