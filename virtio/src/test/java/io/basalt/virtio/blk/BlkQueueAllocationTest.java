package io.basalt.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.virtio.blk.BlkRig.Ring;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The proof that requests cost no heap, from the available ring through the volume to the used ring.
class BlkQueueAllocationTest {
    private static final int BATCH = 10;
    private static final int REQUESTS = 100_000;
    private static final int WARM_UP_BATCHES = 5_000;

    /// Four reads, four writes, a flush and one that is refused.
    private static DescriptorChain[] batch(FakeGuest guest) {
        final DescriptorChain[] chains = new DescriptorChain[BATCH];
        for (int i = 0; i < BATCH; i++) {
            final int type = switch (i) {
                case 8 -> BlkSpec.VIRTIO_BLK_T_FLUSH;
                case 9 -> 99;
                default -> i % 2 == 0 ? BlkSpec.VIRTIO_BLK_T_IN : BlkSpec.VIRTIO_BLK_T_OUT;
            };
            final DescriptorChain chain = new DescriptorChain(4);
            chain.addReadable(guest.placeHeader(type, i), BlkSpec.HEADER_LENGTH);
            if (type == BlkSpec.VIRTIO_BLK_T_OUT) {
                chain.addReadable(guest.place(1024), 1024);
            } else if (type == BlkSpec.VIRTIO_BLK_T_IN) {
                chain.addWritable(guest.place(512), 512);
                chain.addWritable(guest.place(512), 512);
            }
            chain.addWritable(guest.place(1), 1);
            chains[i] = chain;
        }
        return chains;
    }

    private static void runBatch(BlkRig rig, DescriptorChain[] chains) {
        for (final DescriptorChain chain : chains) {
            rig.driver.add(chain, rig.ring.indirect);
        }
        rig.driver.publish();
        rig.poll();
        if (rig.volume.mode == FakeVolume.Mode.DEFERRED) {
            rig.volume.finishAll();
            rig.poll();
        }
        int answers = 0;
        while (rig.driver.poll() >= 0) {
            answers++;
        }
        if (answers != BATCH) {
            throw new AssertionError(answers + " answers");
        }
        rig.queue.arm();
        rig.queue.disarm();
    }

    private static void prove(Ring ring, FakeVolume.Mode mode, boolean logging) {
        try (BlkRig rig = new BlkRig(ring, 64, new FakeVolume(BlkRig.DISK_BYTES, 512));
                Arena arena = Arena.ofConfined()) {
            rig.volume.mode = mode;
            rig.volume.journaling = false;
            if (logging) {
                rig.log = new DirtyLog(arena.allocate(4096, 8));
            }
            rig.start();
            final DescriptorChain[] chains = batch(rig.guest);
            assertThat(AllocationProbe.bytesAllocated(WARM_UP_BATCHES, REQUESTS / BATCH, () -> runBatch(rig, chains)))
                    .isZero();
            assertThat(rig.queue.counters().operations(BlkQueueCounters.Kind.FLUSH))
                    .isGreaterThanOrEqualTo(REQUESTS / BATCH);
            assertThat(rig.faults).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void allocatesNothingOnADiskThatMovesNoData(Ring ring) {
        prove(ring, FakeVolume.Mode.NULL, false);
    }

    @ParameterizedTest
    @EnumSource
    void allocatesNothingOnADiskInMemory(Ring ring) {
        prove(ring, FakeVolume.Mode.IMMEDIATE, false);
    }

    @ParameterizedTest
    @EnumSource
    void allocatesNothingOnADiskThatAnswersLaterAndWithADirtyLog(Ring ring) {
        prove(ring, FakeVolume.Mode.DEFERRED, true);
    }
}
