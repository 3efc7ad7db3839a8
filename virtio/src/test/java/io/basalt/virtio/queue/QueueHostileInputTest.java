package io.basalt.virtio.queue;

import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_INDIRECT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.reactor.Signal;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a malicious guest or front end does to a ring. Each test names the attack it plays; the rows are: 1 chains,
/// 2 ring indices, 3 lengths and addresses, 6 overlaps, 8 ring set-up, 12 inflight region, 13 dirty log, 14 floods,
/// 15 changes with requests in flight. (4, double fetch, is in [SharedAccessTest].)
class QueueHostileInputTest {
    private static final long SPLIT = GuestRig.SPLIT | GuestRig.INDIRECT;
    private static final long PACKED = GuestRig.PACKED | GuestRig.INDIRECT;
    private static final long TABLE = GuestRig.LOW + 0x8000;
    private static final long DATA = GuestRig.HIGH;

    private final GuestRig rig = new GuestRig(8, SPLIT);
    private final GuestRig packed = new GuestRig(8, PACKED);
    private final DescriptorChain into = new DescriptorChain(32);

    private static void assertBreaks(GuestRig guest, DescriptorChain into, QueueFault fault) {
        final Virtqueue queue = Virtqueue.open(guest.setup());
        assertThat(queue.pop(into)).isEqualTo(-fault.code());
        assertThat(queue.fault()).isEqualTo(fault);
        assertThat(queue.pop(into)).as("stays broken").isEqualTo(-fault.code());
        assertThat(queue.inFlight()).isZero();
        assertThat(queue.available()).isZero();
        assertThat(guest.error.count).as("error is raised once").isEqualTo(1);
    }

    @Test
    void row1ChainLoopsOverOneDescriptor() {
        rig.descriptor(0, DATA, 16, VIRTQ_DESC_F_NEXT, 0);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.CHAIN_LOOP);
    }

    @Test
    void row1ChainLoopsOverTheWholeTable() {
        for (int i = 0; i < 8; i++) {
            rig.descriptor(i, DATA, 16, VIRTQ_DESC_F_NEXT, (i + 1) % 8);
        }
        rig.offer(3);
        assertBreaks(rig, into, QueueFault.CHAIN_LOOP);
    }

    @Test
    void row1LoopOfZeroLengthDescriptors() {
        rig.descriptor(0, DATA, 0, VIRTQ_DESC_F_NEXT, 1);
        rig.descriptor(1, DATA, 0, VIRTQ_DESC_F_NEXT, 0);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.CHAIN_LOOP);
    }

    @Test
    void row1ZeroLengthDescriptorsAreHandedOn() {
        rig.descriptor(0, DATA, 0, VIRTQ_DESC_F_NEXT, 1);
        rig.descriptor(1, DATA, 0, VIRTQ_DESC_F_WRITE, 0);
        rig.offer(0);
        assertThat(Virtqueue.open(rig.setup()).pop(into)).isEqualTo(1);
        assertThat(into.count()).isEqualTo(2);
    }

    @Test
    void row1NextOutsideTheTable() {
        for (final int next : new int[] {8, 0x7fff, 0xffff}) {
            final GuestRig guest = new GuestRig(8, SPLIT);
            guest.descriptor(0, DATA, 16, VIRTQ_DESC_F_NEXT, next);
            guest.offer(0);
            assertBreaks(guest, into, QueueFault.NEXT_OUT_OF_RANGE);
        }
    }

    @Test
    void row1ChainLongerThanARequestMayBe() {
        for (int i = 0; i < 8; i++) {
            rig.descriptor(i, DATA, 16, i < 7 ? VIRTQ_DESC_F_NEXT : 0, i + 1);
        }
        rig.offer(0);
        assertBreaks(rig, new DescriptorChain(7), QueueFault.CHAIN_TOO_LONG);
    }

    @Test
    void row1IndirectWithNext() {
        rig.descriptor(0, TABLE, 16, VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT, 1);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.INDIRECT_WITH_NEXT);
        packed.slot(0, TABLE, 16, 0, VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT);
        assertBreaks(packed, into, QueueFault.INDIRECT_WITH_NEXT);
    }

    @Test
    void row1NestedIndirect() {
        rig.descriptor(0, TABLE, 32, VIRTQ_DESC_F_INDIRECT, 0);
        rig.descriptor(TABLE, 0, DATA, 16, VIRTQ_DESC_F_NEXT, 1);
        rig.descriptor(TABLE, 1, TABLE, 32, VIRTQ_DESC_F_INDIRECT, 0);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.INDIRECT_NESTED);
    }

    /// Flags other than WRITE are reserved in a packed indirect table: what looks like nesting is an ordinary
    /// buffer.
    @Test
    void row1NestedIndirectInAPackedTableIsIgnored() {
        packed.slot(0, TABLE, 16, 0, VIRTQ_DESC_F_INDIRECT);
        packed.descriptor(TABLE, 0, TABLE, 16, 0, VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT);
        assertThat(Virtqueue.open(packed.setup()).pop(into)).isEqualTo(1);
        assertThat(into.count()).isEqualTo(1);
        assertThat(into.address(0)).isEqualTo(TABLE);
    }

    @Test
    void row1IndirectTableOfBadLength() {
        for (final long length : new long[] {0, 1, 15, 17, 0x8000_0000L, 0xffff_fff0L, 0xffff_ffffL}) {
            final GuestRig guest = new GuestRig(8, SPLIT);
            guest.descriptor(0, TABLE, length, VIRTQ_DESC_F_INDIRECT, 0);
            guest.offer(0);
            assertBreaks(guest, into, QueueFault.INDIRECT_BAD_LENGTH);
            final GuestRig other = new GuestRig(8, PACKED);
            other.slot(0, TABLE, length, 0, VIRTQ_DESC_F_INDIRECT);
            assertBreaks(other, into, QueueFault.INDIRECT_BAD_LENGTH);
        }
    }

    @Test
    void row1IndirectTableLongerThanARequestMayBe() {
        rig.descriptor(0, TABLE, 16 * 33, VIRTQ_DESC_F_INDIRECT, 0);
        packed.slot(0, TABLE, 16 * 33, 0, VIRTQ_DESC_F_INDIRECT);
        for (int i = 0; i < 33; i++) {
            rig.descriptor(TABLE, i, DATA, 1, i < 32 ? VIRTQ_DESC_F_NEXT : 0, i + 1);
            packed.descriptor(TABLE, i, DATA, 1, 0, 0);
        }
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.CHAIN_TOO_LONG);
        assertBreaks(packed, into, QueueFault.CHAIN_TOO_LONG);
    }

    @Test
    void row1IndirectTableThatLoopsOrLeavesItself() {
        rig.descriptor(0, TABLE, 32, VIRTQ_DESC_F_INDIRECT, 0);
        rig.descriptor(TABLE, 0, DATA, 1, VIRTQ_DESC_F_NEXT, 1);
        rig.descriptor(TABLE, 1, DATA, 1, VIRTQ_DESC_F_NEXT, 0);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.CHAIN_LOOP);
        final GuestRig guest = new GuestRig(8, SPLIT);
        guest.descriptor(0, TABLE, 32, VIRTQ_DESC_F_INDIRECT, 0);
        guest.descriptor(TABLE, 0, DATA, 1, VIRTQ_DESC_F_NEXT, 2);
        guest.offer(0);
        assertBreaks(guest, into, QueueFault.NEXT_OUT_OF_RANGE);
    }

    @Test
    void row1IndirectWithoutTheFeature() {
        final GuestRig plain = new GuestRig(8, GuestRig.SPLIT);
        plain.descriptor(0, TABLE, 16, VIRTQ_DESC_F_INDIRECT, 0);
        plain.offer(0);
        assertBreaks(plain, into, QueueFault.INDIRECT_NOT_NEGOTIATED);
        final GuestRig other = new GuestRig(8, GuestRig.PACKED);
        other.slot(0, TABLE, 16, 0, VIRTQ_DESC_F_INDIRECT);
        assertBreaks(other, into, QueueFault.INDIRECT_NOT_NEGOTIATED);
    }

    @Test
    void row1PackedChainThatNeverEnds() {
        for (int i = 0; i < 8; i++) {
            packed.slot(i, DATA, 1, 0, VIRTQ_DESC_F_NEXT);
        }
        assertBreaks(packed, into, QueueFault.RING_OVERCOMMITTED);
    }

    @Test
    void row1PackedChainThatRunsIntoSlotsInFlight() {
        for (int i = 0; i < 8; i++) {
            packed.slot(i, DATA, 1, 0, i < 2 ? 0 : VIRTQ_DESC_F_NEXT);
        }
        final Virtqueue queue = Virtqueue.open(packed.setup());
        assertThat(queue.pop(into)).isEqualTo(1);
        assertThat(queue.pop(into)).as("same id").isEqualTo(-QueueFault.HEAD_IN_FLIGHT.code());
        final GuestRig guest = new GuestRig(8, PACKED);
        guest.slot(0, DATA, 1, 5, 0);
        for (int i = 1; i < 8; i++) {
            guest.slot(i, DATA, 1, 0, VIRTQ_DESC_F_NEXT);
        }
        final Virtqueue other = Virtqueue.open(guest.setup());
        assertThat(other.pop(into)).isEqualTo(1);
        assertThat(other.pop(into)).isEqualTo(-QueueFault.RING_OVERCOMMITTED.code());
    }

    /// With every slot taken, a driver that marks slots available anew is offering what the device still owns.
    @Test
    void row2PackedRingOfferedAgainWhileAllOfItIsInFlight() {
        final Virtqueue queue = Virtqueue.open(packed.setup());
        for (int lap = 0; lap < 3; lap++) {
            while (packed.driver.add(GuestRig.chain(0), false) >= 0) {
                // Fills the ring.
            }
            packed.driver.publish();
            while (queue.pop(into) > 0) {
                // One more chain stays in flight in each lap.
                if (lap < 2 && queue.inFlight() > lap + 1) {
                    queue.complete(into.id(), 0);
                }
            }
            queue.publish();
            while (packed.driver.poll() >= 0) {
                // Makes room for the next lap.
            }
            if (lap < 2) {
                assertThat(queue.inFlight()).isEqualTo(lap + 1);
            }
        }
        assertThat(queue.inFlight()).isEqualTo(4);
        for (final int flags : new int[] {VirtqueueSpec.VIRTQ_DESC_F_AVAIL, VirtqueueSpec.VIRTQ_DESC_F_USED}) {
            for (int i = 0; i < 8; i++) {
                RingMemory.store16(packed.low, packed.descriptors + 16L * i + 14, flags);
            }
            assertThat(queue.available()).isZero();
            assertThat(queue.pop(into)).isZero();
        }
    }

    @Test
    void row2AvailableIndexJumps() {
        for (final int index : new int[] {9, 0x7fff, 0x8000, 0xffff}) {
            final GuestRig guest = new GuestRig(8, SPLIT);
            guest.descriptor(0, DATA, 1, 0, 0);
            RingMemory.store16(guest.low, guest.driverArea + 2, index);
            assertBreaks(guest, into, QueueFault.AVAILABLE_INDEX_JUMP);
        }
    }

    @Test
    void row2AvailableIndexGoesBack() {
        rig.descriptor(0, DATA, 1, 0, 0);
        rig.descriptor(1, DATA, 1, 0, 0);
        rig.offer(0, 1);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        assertThat(queue.pop(into)).isEqualTo(1);
        assertThat(queue.pop(into)).isEqualTo(1);
        RingMemory.store16(rig.low, rig.driverArea + 2, 1);
        assertThat(queue.pop(into)).isEqualTo(-QueueFault.AVAILABLE_INDEX_JUMP.code());
    }

    @Test
    void row2HeadOutsideTheTable() {
        for (final int head : new int[] {8, 0x7fff, 0xffff}) {
            final GuestRig guest = new GuestRig(8, SPLIT);
            guest.offer(head);
            assertBreaks(guest, into, QueueFault.HEAD_OUT_OF_RANGE);
            final GuestRig other = new GuestRig(8, PACKED);
            other.slot(0, DATA, 1, head, 0);
            assertBreaks(other, into, QueueFault.ID_OUT_OF_RANGE);
        }
    }

    @Test
    void row2SameHeadTwiceWhileInFlight() {
        rig.descriptor(2, DATA, 1, 0, 0);
        rig.offer(2, 2);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        assertThat(queue.pop(into)).isEqualTo(1);
        assertThat(queue.pop(into)).isEqualTo(-QueueFault.HEAD_IN_FLIGHT.code());
        assertThat(rig.error.count).isEqualTo(1);
        queue.complete(2, 1);
        assertThat(queue.publish()).as("the first one is still answered").isTrue();
        assertThat(RingMemory.load16(rig.low, rig.deviceArea + 2)).isEqualTo(1);
    }

    @Test
    void row2SameHeadAgainBetweenCompletionAndPublicationWhileTracked() {
        rig.descriptor(2, DATA, 1, 0, 0);
        rig.offer(2, 2);
        final Virtqueue queue = Virtqueue.open(rig.tracked());
        assertThat(queue.pop(into)).isEqualTo(1);
        queue.complete(2, 1);
        assertThat(queue.pop(into)).isEqualTo(-QueueFault.HEAD_IN_FLIGHT.code());
    }

    @Test
    void row3DescriptorOfTwoGibibytesOrMore() {
        for (final long length : new long[] {0x8000_0000L, 0xffff_ffffL}) {
            final GuestRig guest = new GuestRig(8, SPLIT);
            guest.descriptor(0, DATA, length, 0, 0);
            guest.offer(0);
            assertBreaks(guest, into, QueueFault.DESCRIPTOR_TOO_LONG);
            final GuestRig other = new GuestRig(8, PACKED);
            other.slot(0, DATA, length, 0, 0);
            assertBreaks(other, into, QueueFault.DESCRIPTOR_TOO_LONG);
        }
    }

    @Test
    void row3LengthsThatSumToMoreThanFourGibibytes() {
        for (int i = 0; i < 3; i++) {
            rig.descriptor(i, DATA, 0x7fff_ffffL, i < 2 ? VIRTQ_DESC_F_NEXT : VIRTQ_DESC_F_WRITE, i + 1);
            packed.slot(i, DATA, 0x7fff_ffffL, 0, i < 2 ? VIRTQ_DESC_F_NEXT : VIRTQ_DESC_F_WRITE);
        }
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.CHAIN_TOO_MANY_BYTES);
        assertBreaks(packed, into, QueueFault.CHAIN_TOO_MANY_BYTES);
    }

    @Test
    void row3ReadableBehindWritable() {
        rig.descriptor(0, DATA, 1, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE, 1);
        rig.descriptor(1, DATA, 1, 0, 0);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.READABLE_AFTER_WRITABLE);
        packed.slot(0, DATA, 1, 0, VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE);
        packed.slot(1, DATA, 1, 0, 0);
        assertBreaks(packed, into, QueueFault.READABLE_AFTER_WRITABLE);
    }

    @Test
    void row3IndirectTableOutsideMemoryOrAcrossRegions() {
        final long[] addresses = {0, GuestRig.LOW - 16, GuestRig.HIGH - 16, GuestRig.HIGH + GuestRig.REGION_BYTES, -16};
        for (final long address : addresses) {
            final GuestRig guest = new GuestRig(8, SPLIT);
            guest.descriptor(0, address, 32, VIRTQ_DESC_F_INDIRECT, 0);
            guest.offer(0);
            assertBreaks(guest, into, QueueFault.INDIRECT_OUTSIDE_MEMORY);
            final GuestRig other = new GuestRig(8, PACKED);
            other.slot(0, address, 32, 0, VIRTQ_DESC_F_INDIRECT);
            assertBreaks(other, into, QueueFault.INDIRECT_OUTSIDE_MEMORY);
        }
    }

    /// A table that lies over the ring itself is just bytes.
    @Test
    void row6IndirectTableOverTheRing() {
        rig.descriptor(0, GuestRig.LOW + rig.descriptors, 16 * 8, VIRTQ_DESC_F_INDIRECT, 0);
        rig.offer(0);
        assertBreaks(rig, into, QueueFault.INDIRECT_NESTED);
    }

    @Test
    void row8RingAddressesUnalignedOrOutside() {
        for (final long features : new long[] {SPLIT, PACKED}) {
            final GuestRig guest = new GuestRig(8, features);
            final QueueSetup good = guest.setup();
            final long end = GuestRig.LOW_USER + GuestRig.REGION_BYTES;
            final long[] bad = {1, 0, -16, end, end - 1, GuestRig.LOW_USER + 1, Long.MIN_VALUE};
            for (final long address : bad) {
                assertRefused(at(good, address, good.driverAddress(), good.deviceAddress()));
                assertRefused(at(good, good.descriptorAddress(), address, good.deviceAddress()));
                assertRefused(at(good, good.descriptorAddress(), good.driverAddress(), address));
            }
        }
    }

    private static void assertRefused(QueueSetup setup) {
        assertThatThrownBy(() -> Virtqueue.open(setup)).isInstanceOf(QueueSetupException.class);
    }

    private static QueueSetup at(QueueSetup s, long descriptors, long driver, long device) {
        return with(s, s.size(), s.base(), descriptors, driver, device);
    }

    private static QueueSetup with(QueueSetup s, int size, int base, long descriptors, long driver, long device) {
        return new QueueSetup(
                0,
                size,
                s.features(),
                s.memory(),
                descriptors,
                driver,
                device,
                base,
                true,
                -1,
                Signal.NONE,
                Signal.NONE,
                s.inflight(),
                null,
                -1);
    }

    @Test
    void row8QueueSizes() {
        final QueueSetup split = rig.setup();
        final QueueSetup other = packed.setup();
        for (final int size : new int[] {0, -1, 3, 6, 32769, 65536, Integer.MIN_VALUE}) {
            assertRefused(
                    with(split, size, 0, split.descriptorAddress(), split.driverAddress(), split.deviceAddress()));
        }
        for (final int size : new int[] {0, -1, 32769, Integer.MIN_VALUE}) {
            assertRefused(
                    with(other, size, 0, other.descriptorAddress(), other.driverAddress(), other.deviceAddress()));
        }
    }

    @Test
    void row8VringBaseIsGarbage() {
        final QueueSetup other = packed.setup();
        for (final int base :
                new int[] {8, 0x7fff, 8 << 16, 0x7fff_0000, 1 << 31 | 1 << 16 | 1 << 15, 5 << 16 | 1 << 31 | 6}) {
            assertRefused(
                    with(other, 8, base, other.descriptorAddress(), other.driverAddress(), other.deviceAddress()));
        }
        // A split base is any 16-bit number; a wrong one shows when the available index is looked at.
        final QueueSetup split = rig.setup();
        final Virtqueue queue = Virtqueue.open(
                with(split, 8, 0x12345, split.descriptorAddress(), split.driverAddress(), split.deviceAddress()));
        assertThat(queue.pop(into)).isEqualTo(-QueueFault.AVAILABLE_INDEX_JUMP.code());
    }

    /// Whatever bytes the region holds, opening ends: with a queue that works, or with a refusal.
    @Test
    void row12InflightRegionOfRandomBytes() {
        SeededTest.run(1000, random -> {
            final GuestRig guest = new GuestRig(8, random.nextBoolean() ? SPLIT : PACKED);
            final Virtqueue first = Virtqueue.open(guest.tracked());
            for (int i = 0; i < 4; i++) {
                guest.driver.add(GuestRig.chain(i), random.nextBoolean());
            }
            guest.driver.publish();
            for (int i = 0; i < 3; i++) {
                first.pop(into);
            }
            final int changes = 1 + random.nextInt(4);
            for (int i = 0; i < changes; i++) {
                final int value = random.nextBoolean() ? random.nextInt(12) : random.nextInt();
                RingMemory.store8(guest.inflight, random.nextInt((int) guest.inflight.byteSize()), value);
            }
            final Virtqueue queue;
            try {
                queue = Virtqueue.open(guest.tracked());
            } catch (QueueSetupException e) {
                return;
            }
            int result = queue.pop(into);
            for (int i = 0; i < 16 && result > 0; i++) {
                queue.complete(into.id(), 0);
                queue.publish();
                result = queue.pop(into);
            }
            assertThat(result).isNotPositive();
        });
    }

    @Test
    void row12InflightRegionTooSmallOrUnaligned() {
        for (final GuestRig guest : List.of(rig, packed)) {
            final MemorySegment region = Arena.ofAuto().allocate(4096, 64);
            assertRefused(guest.setup(guest.memory, guest.driver.base(), true, region.asSlice(0, 128), null));
            assertRefused(guest.setup(guest.memory, guest.driver.base(), true, region.asSlice(4, 2048), null));
        }
        assertThatThrownBy(() -> new InflightLayout(false, 0, 128)).isInstanceOf(QueueSetupException.class);
        assertThatThrownBy(() -> new InflightLayout(false, 1, 0)).isInstanceOf(QueueSetupException.class);
        assertThatThrownBy(() -> new InflightLayout(true, 1, 65535)).isInstanceOf(QueueSetupException.class);
        assertThatThrownBy(() ->
                        new InflightLayout(false, 2, 128).part(Arena.ofAuto().allocate(4223), 1))
                .isInstanceOf(QueueSetupException.class);
        assertThatThrownBy(() ->
                        new InflightLayout(false, 2, 128).part(Arena.ofAuto().allocate(9000), 2))
                .isInstanceOf(QueueSetupException.class);
    }

    @Test
    void row13DirtyLogSmallerThanTheGuest() {
        final MemorySegment around = Arena.ofAuto().allocate(24, 8);
        final GuestRig guest = new GuestRig(8, SPLIT);
        final Virtqueue queue =
                Virtqueue.open(guest.setup(guest.memory, 0, true, null, new DirtyLog(around.asSlice(8, 8))));
        guest.driver.add(GuestRig.chain(0), false);
        guest.driver.publish();
        queue.pop(into);
        queue.complete(into.id(), 0);
        queue.publish();
        assertThat(around.mismatch(Arena.ofAuto().allocate(24))).isEqualTo(-1);
    }

    /// Each pop does a bounded amount of work whatever the ring says: the owner's budget counts pops.
    @Test
    void row14FloodOfEmptyChains() {
        rig.descriptor(0, 0, 0, 0, 0);
        rig.offer(0);
        final Virtqueue queue = Virtqueue.open(rig.setup());
        int index = 1;
        for (int i = 0; i < 100_000; i++) {
            assertThat(queue.pop(into)).isEqualTo(1);
            assertThat(queue.pop(into)).isZero();
            queue.complete(0, 0);
            queue.publish();
            RingMemory.store16(rig.low, rig.driverArea + 4 + 2L * (index & 7), 0);
            RingMemory.store16(rig.low, rig.driverArea + 2, ++index);
        }
    }

    @Test
    void row15MemoryTakenAwayWithRequestsInFlight() {
        for (final long features : new long[] {SPLIT, PACKED}) {
            final GuestRig guest = new GuestRig(8, features);
            guest.driver.add(GuestRig.chain(0), false);
            guest.driver.publish();
            final Virtqueue queue = Virtqueue.open(guest.tracked());
            assertThat(queue.pop(into)).isEqualTo(1);
            assertThat(queue.breakRing(QueueFault.MEMORY_LOST)).isEqualTo(-QueueFault.MEMORY_LOST.code());
            assertThat(queue.breakRing(QueueFault.HEAD_IN_FLIGHT)).isEqualTo(-QueueFault.MEMORY_LOST.code());
            final MemorySegment before = Arena.ofAuto().allocate(GuestRig.REGION_BYTES);
            before.copyFrom(guest.low);
            queue.complete(into.id(), 1);
            queue.publish();
            queue.disableNotifications();
            assertThat(queue.pop(into)).isEqualTo(-QueueFault.MEMORY_LOST.code());
            assertThat(guest.low.mismatch(before)).as("the ring is not touched").isEqualTo(-1);
            assertThat(guest.error.count).isEqualTo(1);
        }
    }

    @Test
    void row15RegionsChangeBetweenTwoPops() {
        final GuestRig guest = new GuestRig(8, SPLIT);
        guest.descriptor(0, GuestRig.HIGH, 16, VIRTQ_DESC_F_INDIRECT, 0);
        RingMemory.store64(guest.high, 8, 1);
        guest.offer(0, 0);
        final Virtqueue queue = Virtqueue.open(guest.setup());
        assertThat(queue.pop(into)).isEqualTo(1);
        queue.complete(0, 0);
        queue.publish();
        final GuestMemory less = GuestMemory.of(List.of(new GuestRegion(GuestRig.LOW, GuestRig.LOW_USER, guest.low)));
        queue.change(guest.setup(less, 0, true, null, null));
        assertThat(queue.pop(into)).isEqualTo(-QueueFault.INDIRECT_OUTSIDE_MEMORY.code());
    }

    /// Any bytes at all in the ring's memory: every pop ends, with a chain within its bounds or a fault.
    @Test
    void ringOfRandomBytes() {
        SeededTest.run(1000, random -> {
            final GuestRig guest = new GuestRig(8, random.nextBoolean() ? SPLIT : PACKED);
            for (long offset = 0; offset < 2048; offset++) {
                RingMemory.store8(guest.low, offset, random.nextInt(4) == 0 ? random.nextInt() : 0);
            }
            RingMemory.store16(guest.low, guest.deviceArea + 2, 0);
            if (!guest.packed()) {
                RingMemory.store16(guest.low, guest.driverArea + 2, random.nextInt(10));
            }
            final Virtqueue queue = Virtqueue.open(guest.setup());
            for (int i = 0; i < 20; i++) {
                if (queue.pop(into) > 0) {
                    assertThat(into.count()).isBetween(1, into.capacity());
                    assertThat(into.id()).isBetween(0, 7);
                    assertThat(into.readableCount()).isBetween(0, into.count());
                }
            }
        });
    }
}
