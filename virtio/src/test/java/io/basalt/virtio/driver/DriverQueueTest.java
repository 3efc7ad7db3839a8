package io.basalt.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.RingMemory;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the driver leaves in memory, byte for byte, and how it guards itself. (Together with the device it is
/// tested in the queue package.)
class DriverQueueTest {
    private static final long GUEST = 0x4000_0000L;
    private static final long SPLIT = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1;
    private static final long PACKED = SPLIT | 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED;
    private static final long INDIRECT = 1L << VirtqueueSpec.VIRTIO_F_INDIRECT_DESC;

    private final MemorySegment guest = Arena.ofAuto().allocate(1 << 16, 4096);

    private DriverQueue queue(int size, long features) {
        return DriverQueue.create(guest, GUEST, 4096, size, features, (features & INDIRECT) != 0 ? 4 : 0);
    }

    private static DescriptorChain chain() {
        final DescriptorChain chain = new DescriptorChain(3);
        chain.addReadable(0x1000, 16);
        chain.addWritable(0x2000, 512);
        chain.addWritable(0x3000, 1);
        return chain;
    }

    private void assertDescriptor(long offset, long address, int length, int low, int high) {
        assertThat(RingMemory.load64(guest, offset)).isEqualTo(address);
        assertThat(RingMemory.load32(guest, offset + 8)).isEqualTo(length);
        assertThat(RingMemory.load16(guest, offset + 12)).isEqualTo(low);
        assertThat(RingMemory.load16(guest, offset + 14)).isEqualTo(high);
    }

    @Test
    void splitChainInTheDescriptorTable() {
        final DriverQueue queue = queue(4, SPLIT);
        assertThat(queue.descriptorAddress()).isEqualTo(GUEST + 4096);
        assertThat(queue.add(chain(), false)).isZero();
        assertThat(queue.free()).isEqualTo(1);
        assertDescriptor(4096, 0x1000, 16, 1, 1);
        assertDescriptor(4096 + 16, 0x2000, 512, 3, 2);
        assertDescriptor(4096 + 32, 0x3000, 1, 2, 0);
        final long available = queue.driverAddress() - GUEST;
        assertThat(RingMemory.load16(guest, available + 2)).isZero();
        assertThat(queue.publish()).isTrue();
        assertThat(RingMemory.load16(guest, available + 2)).isEqualTo(1);
        assertThat(queue.publish()).as("nothing new").isFalse();
        assertThat(queue.add(chain(), false)).as("no room").isEqualTo(-1);
    }

    @Test
    void splitChainInAnIndirectTable() {
        final DriverQueue queue = queue(4, SPLIT | INDIRECT);
        assertThat(queue.add(chain(), true)).isZero();
        assertThat(queue.free()).isEqualTo(3);
        final long table = RingMemory.load64(guest, 4096);
        assertDescriptor(4096, table, 48, 4, 0);
        assertDescriptor(table - GUEST, 0x1000, 16, 1, 1);
        assertDescriptor(table - GUEST + 16, 0x2000, 512, 3, 2);
        assertDescriptor(table - GUEST + 32, 0x3000, 1, 2, 0);
    }

    @Test
    void packedChainAppearsWithItsFirstSlot() {
        final DriverQueue queue = queue(5, PACKED);
        final int id = queue.add(chain(), false);
        assertThat(RingMemory.load16(guest, 4096 + 14)).as("first slot's flags").isZero();
        assertThat(queue.publish()).isTrue();
        final int available = VirtqueueSpec.VIRTQ_DESC_F_AVAIL;
        assertDescriptor(4096, 0x1000, 16, id, available | 1);
        assertDescriptor(4096 + 16, 0x2000, 512, id, available | 3);
        assertDescriptor(4096 + 32, 0x3000, 1, id, available | 2);
        assertThat(queue.add(chain(), false)).as("no room").isEqualTo(-1);
    }

    @Test
    void packedChainInAnIndirectTable() {
        final DriverQueue queue = queue(5, PACKED | INDIRECT);
        final int id = queue.add(chain(), true);
        queue.publish();
        final long table = RingMemory.load64(guest, 4096);
        assertDescriptor(4096, table, 48, id, VirtqueueSpec.VIRTQ_DESC_F_AVAIL | 4);
        assertDescriptor(table - GUEST + 16, 0x2000, 512, 0, 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED, SPLIT | INDIRECT, PACKED | INDIRECT})
    void ringPartsDoNotOverlapAndFillTheirBytes(long features) {
        final int size = 8;
        final DriverQueue queue = queue(size, features);
        final boolean packed = features == PACKED || features == (PACKED | INDIRECT);
        final int table = (features & INDIRECT) != 0 ? 4 : 0;
        assertThat(queue.driverAddress()).isGreaterThanOrEqualTo(queue.descriptorAddress() + 16L * size);
        assertThat(queue.deviceAddress())
                .isGreaterThanOrEqualTo(queue.driverAddress() + (packed ? 4 : VirtqueueSpec.availableBytes(size)));
        assertThat(queue.deviceAddress() % 4).isZero();
        assertThat(queue.descriptorAddress() + DriverQueue.bytes(packed, size, table))
                .isGreaterThanOrEqualTo(
                        queue.deviceAddress() + (packed ? 4 : VirtqueueSpec.usedBytes(size)) + 16L * table * size);
    }

    @ParameterizedTest
    @ValueSource(longs = {SPLIT, PACKED})
    void noticesAnAnswerToNoRequest(long features) {
        final DriverQueue queue = queue(4, features);
        final int id = queue.add(chain(), false);
        queue.publish();
        final long wrong = id + 1L;
        if (features == PACKED) {
            RingMemory.store64(guest, 4096 + 8, wrong << 32 | 0x8080L << 48);
        } else {
            final long used = queue.deviceAddress() - GUEST;
            RingMemory.store64(guest, used + 4, wrong);
            RingMemory.store16(guest, used + 2, 1);
        }
        assertThatThrownBy(queue::poll)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("not in flight");
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> queue(3, SPLIT)).hasMessageContaining("power of two");
        assertThatThrownBy(() -> queue(0, PACKED)).hasMessageContaining("1 to 32768");
        assertThatThrownBy(() -> queue(32768, SPLIT)).hasMessageContaining("does not fit");
        assertThatThrownBy(() -> DriverQueue.create(guest, GUEST, 8, 4, SPLIT, 0))
                .hasMessageContaining("multiple of 16");
        assertThatThrownBy(() -> DriverQueue.create(guest, GUEST, 0, 4, SPLIT, 4))
                .hasMessageContaining("INDIRECT");
        assertThatThrownBy(() -> DriverQueue.create(guest, GUEST, -16, 4, SPLIT, 0))
                .hasMessageContaining("does not fit");
    }
}
