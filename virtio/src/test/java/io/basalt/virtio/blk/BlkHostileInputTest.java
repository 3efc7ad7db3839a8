package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_IOERR;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_OK;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_FLUSH;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_IN;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_OUT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import io.basalt.virtio.blk.BlkRig.Ring;
import io.basalt.virtio.blk.BlkRig.Sent;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.QueueFault;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What a hostile driver may try, and that it gets an error status or a broken queue, and nothing else.
class BlkHostileInputTest {
    private static final int WINDOW_LENGTH = 4096;
    private static final long WINDOW = FakeGuest.SEAM - WINDOW_LENGTH / 2;

    /// Write a descriptor of a split ring, past the driver.
    private static void descriptor(BlkRig rig, int at, long address, int length, int flags, int next) {
        final long descriptor = rig.driver.descriptorAddress() + at * 16L;
        rig.guest.setLong(descriptor, address);
        rig.guest.setInt(descriptor + 8, length);
        rig.guest.setInt(descriptor + 12, flags | next << 16);
    }

    /// Offer heads of a split ring, past the driver.
    private static void offer(BlkRig rig, int index, int... heads) {
        final long ring = rig.driver.driverAddress();
        for (int i = 0; i < heads.length; i++) {
            final int slot = (index - heads.length + i) % rig.size;
            rig.guest.setByte(ring + 4 + slot * 2L, heads[i]);
            rig.guest.setByte(ring + 5 + slot * 2L, heads[i] >> 8);
        }
        rig.guest.setByte(ring + 2, index);
        rig.guest.setByte(ring + 3, index >> 8);
    }

    private static void assertBroken(BlkRig rig, QueueFault fault) {
        for (int i = 0; i < 3; i++) {
            rig.poll();
        }
        assertThat(rig.faults).containsExactly(fault);
        assertThat(rig.error.count).isEqualTo(1);
        assertThat(rig.queue.state()).isEqualTo(BlkQueueState.BROKEN);
        assertThat(rig.engine.watches(BlkRig.KICK_FD)).isFalse();
        assertThat(rig.volume.journal()).isEmpty();
        rig.queue.stop(base -> {});
        assertThat(rig.queue.state()).isEqualTo(BlkQueueState.STOPPED);
    }

    @Test
    void aLoopBreaksTheQueue() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            descriptor(rig, 0, FakeGuest.DATA, 16, VIRTQ_DESC_F_NEXT, 1);
            descriptor(rig, 1, FakeGuest.DATA, 16, VIRTQ_DESC_F_NEXT, 0);
            offer(rig, 1, 0);
            assertBroken(rig, QueueFault.CHAIN_LOOP);
        }
    }

    @Test
    void aJumpOfTheAvailableIndexBreaksTheQueue() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            offer(rig, rig.size + 1, 0);
            assertBroken(rig, QueueFault.AVAILABLE_INDEX_JUMP);
        }
    }

    @Test
    void aHeadOutsideTheTableBreaksTheQueue() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            offer(rig, 1, 0xffff);
            assertBroken(rig, QueueFault.HEAD_OUT_OF_RANGE);
        }
    }

    @Test
    void aHeadOfferedAgainWhileInFlightBreaksTheQueueAndTheFirstIsStillAnswered() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final long header = rig.guest.placeHeader(VIRTIO_BLK_T_FLUSH, 0);
            final long status = rig.guest.place(1);
            rig.guest.setByte(status, 0xff);
            descriptor(rig, 0, header, 16, VIRTQ_DESC_F_NEXT, 1);
            descriptor(rig, 1, status, 1, VIRTQ_DESC_F_WRITE, 0);
            offer(rig, 2, 0, 0);
            rig.poll();
            assertThat(rig.faults).containsExactly(QueueFault.HEAD_IN_FLIGHT);
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.guest.getByte(status)).isZero();
            assertThat(rig.guest.getByte(rig.driver.deviceAddress() + 2))
                    .as("used index")
                    .isEqualTo((byte) 1);
        }
    }

    @Test
    void aBrokenQueueLeavesTheOtherQueuesOfTheDiskAlone() {
        try (BlkRig broken = new BlkRig(Ring.SPLIT).start();
                BlkRig sound = new BlkRig(Ring.SPLIT, 16, broken.volume).start()) {
            offer(broken, 1, 0xffff);
            broken.poll();
            assertThat(broken.queue.state()).isEqualTo(BlkQueueState.BROKEN);
            assertThat(sound.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChainWithoutAWritableByteBreaksTheQueue(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            final DescriptorChain chain = new DescriptorChain(2);
            chain.addReadable(rig.guest.placeHeader(VIRTIO_BLK_T_OUT, 0), 16);
            chain.addReadable(rig.guest.place(512), 512);
            rig.offer(chain);
            assertBroken(rig, QueueFault.ANSWER_MISSING);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStatusByteOutsideMemoryBreaksTheQueue(Ring ring) {
        for (final long status : new long[] {0, FakeGuest.END, FakeGuest.START - 1, FakeGuest.TOP - 1}) {
            try (BlkRig rig = new BlkRig(ring).start()) {
                rig.offer(FakeGuest.chain(rig.guest.placeHeader(VIRTIO_BLK_T_FLUSH, 0), 0, 0, status, 1));
                assertBroken(rig, QueueFault.ADDRESS_OUTSIDE_MEMORY);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void dataOutsideMemoryIsAnErrorOfTheRequest(Ring ring) {
        final long[] addresses = {0, FakeGuest.START - 1, FakeGuest.END - 1, FakeGuest.END, FakeGuest.TOP - 1, -1, -256
        };
        try (BlkRig rig = new BlkRig(ring).start()) {
            for (final long address : addresses) {
                rig.guest.clear();
                final long status = rig.guest.place(1);
                rig.guest.setByte(status, 0xff);
                final DescriptorChain chain = new DescriptorChain(3);
                chain.addReadable(rig.guest.placeHeader(VIRTIO_BLK_T_IN, 0), 16);
                chain.addWritable(address, 512);
                chain.addWritable(status, 1);
                rig.offer(chain);
                rig.poll();
                assertThat(rig.guest.getByte(status))
                        .as(Long.toHexString(address))
                        .isEqualTo((byte) VIRTIO_BLK_S_IOERR);
                assertThat(rig.driver.poll()).isNotNegative();
            }
            assertThat(rig.volume.journal()).isEmpty();
        }
    }

    @Test
    void lengthsWhoseSumOverflowsAreAnErrorOfTheRequest() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            final long status = rig.guest.place(1);
            final DescriptorChain chain = new DescriptorChain(4);
            chain.addReadable(rig.guest.placeHeader(VIRTIO_BLK_T_IN, 0), 16);
            chain.addWritable(FakeGuest.START, Integer.MAX_VALUE - 100);
            chain.addWritable(FakeGuest.START, Integer.MAX_VALUE - 100);
            chain.addWritable(status, 1);
            rig.offer(chain);
            rig.poll();
            assertThat(rig.guest.getByte(status)).isEqualTo((byte) VIRTIO_BLK_S_IOERR);
            assertThat(rig.volume.journal()).isEmpty();
        }
    }

    @Test
    void whatChangesAfterItWasTakenHasNoEffect() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            Arrays.fill(rig.volume.bytes(), 0, 512, (byte) 5);
            final Sent read = rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
            final long other = rig.guest.place(512);
            rig.poll();
            for (int i = 0; i < 3; i++) {
                descriptor(rig, i, other, 512, VIRTQ_DESC_F_WRITE, 7);
            }
            rig.guest.setInt(read.writable() - 16, 99);
            rig.guest.setLong(read.writable() - 8, 1L << 60);
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.guest.getBytes(read.writable(), 512)).containsOnly(5);
            assertThat(rig.guest.getBytes(other, 512)).containsOnly(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void dataOverTheRingHurtsOnlyTheGuest(Ring ring) {
        SeededTest.run(200, random -> {
            try (BlkRig rig = new BlkRig(ring)) {
                random.nextBytes(rig.volume.bytes());
                rig.start();
                for (int i = 0; i < rig.size / 3; i++) {
                    rig.guest.clear();
                    final long status = rig.guest.place(1);
                    final DescriptorChain chain = new DescriptorChain(3);
                    chain.addReadable(rig.guest.placeHeader(VIRTIO_BLK_T_IN, random.nextInt(1000)), 16);
                    chain.addWritable(FakeGuest.START + random.nextInt(2048), 512);
                    chain.addWritable(random.nextBoolean() ? status : FakeGuest.START + random.nextInt(2048), 1);
                    // The answers stay where they are: a driver that has overwritten its ring cannot read them.
                    rig.driver.add(chain, rig.ring.indirect);
                    rig.driver.publish();
                    assertThat(rig.poll()).isLessThanOrEqualTo(BlkQueue.BATCH_LENGTH + 1);
                    rig.queue.arm();
                    rig.queue.disarm();
                }
                rig.queue.stop(base -> {});
                assertThat(rig.queue.state()).isEqualTo(BlkQueueState.STOPPED);
            }
        });
    }

    @Test
    void aLogThatIsTooSmallIsNotWrittenBeyond() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT);
                Arena arena = Arena.ofConfined()) {
            final MemorySegment bitmap = arena.allocate(64, 8);
            rig.log = new DirtyLog(bitmap.asSlice(0, 8));
            rig.start();
            final DescriptorChain chain = new DescriptorChain(2);
            chain.addReadable(rig.guest.placeHeader(VIRTIO_BLK_T_IN, 0), 16);
            chain.addWritable(FakeGuest.TOP, 513);
            rig.offer(chain);
            rig.poll();
            assertThat(rig.driver.poll()).isNotNegative();
            for (int i = 8; i < 64; i++) {
                assertThat(bitmap.get(JAVA_BYTE, i)).isZero();
            }
        }
    }

    @Test
    void aFloodOfBadRequestsIsBoundedAndOnlyCounted() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT_INDIRECT, 64, new FakeVolume(BlkRig.DISK_BYTES, 512)).start()) {
            for (int i = 0; i < 64; i++) {
                rig.send(99, 0, 0, 0);
            }
            assertThat(rig.poll()).isEqualTo(BlkQueue.BATCH_LENGTH);
            assertThat(rig.poll()).isEqualTo(BlkQueue.BATCH_LENGTH);
            assertThat(rig.queue.counters().errors()).isEqualTo(64);
            assertThat(rig.faults).isEmpty();
        }
    }

    @Test
    void largeRequestsEndABatchEarly() {
        final FakeVolume volume = new FakeVolume(8 << 20, 512);
        try (BlkRig rig = new BlkRig(Ring.SPLIT_INDIRECT, 64, volume).start()) {
            volume.mode = FakeVolume.Mode.NULL;
            final long header = rig.guest.placeHeader(VIRTIO_BLK_T_OUT, 0);
            final long status = rig.guest.place(1);
            for (int i = 0; i < 40; i++) {
                final DescriptorChain chain = new DescriptorChain(8);
                chain.addReadable(header, 16);
                for (int piece = 0; piece < 6; piece++) {
                    chain.addReadable(FakeGuest.START, 2 * FakeGuest.REGION_LENGTH);
                }
                chain.addWritable(status, 1);
                rig.offer(chain);
            }
            final int requestBytes = 12 * FakeGuest.REGION_LENGTH;
            assertThat(rig.poll()).isEqualTo((BlkQueue.BATCH_BYTES + requestBytes - 1) / requestBytes);
        }
    }

    @ParameterizedTest
    @EnumSource
    void randomChainsWriteNothingButTheirWritableBuffers(Ring ring) {
        SeededTest.run(50, random -> {
            final FakeVolume volume = new FakeVolume(16 << 10, random.nextInt(4) == 0 ? 4096 : 512);
            volume.journaling = false;
            random.nextBytes(volume.bytes());
            try (BlkRig rig = new BlkRig(ring, 16, volume).start()) {
                final Adversary adversary = new Adversary(rig, random);
                for (int i = 0; i < 500; i++) {
                    adversary.attack();
                }
            }
        });
    }

    /// A driver that offers random chains in a window of guest memory around the seam of two regions.
    private static final class Adversary {
        private static final int[] TYPES = {0, 0, 0, 1, 1, 1, 4, 8, 11, 11, 13, 13, 0x8000_0001, 14, -1};

        private final BlkRig rig;
        private final RandomGenerator random;
        private final byte[] canaries = new byte[WINDOW_LENGTH];
        private final byte[] before = new byte[WINDOW_LENGTH];
        private final byte[] after = new byte[WINDOW_LENGTH];
        private final boolean[] writable = new boolean[WINDOW_LENGTH];

        Adversary(BlkRig rig, RandomGenerator random) {
            this.rig = rig;
            this.random = random;
            random.nextBytes(canaries);
        }

        void attack() {
            Arrays.fill(writable, false);
            rig.guest.copyIn(WINDOW, canaries);
            final DescriptorChain chain = new DescriptorChain(BlkRig.TABLE_LENGTH);
            addHeader(chain);
            for (int i = random.nextInt(3); i > 0; i--) {
                chain.addReadable(address(), length());
            }
            for (int i = random.nextInt(4); i > 0; i--) {
                addWritable(chain, address(), length());
            }
            if (random.nextInt(8) > 0) {
                addWritable(chain, WINDOW + random.nextInt(WINDOW_LENGTH), 1);
            }
            rig.guest.copyOut(WINDOW, before);
            final int id = rig.offer(chain);
            rig.poll();
            rig.poll();
            check(chain, id);
        }

        private void addHeader(DescriptorChain chain) {
            final long header = WINDOW + random.nextInt(WINDOW_LENGTH - 80);
            if (random.nextInt(10) > 0) {
                final int type = TYPES[random.nextInt(TYPES.length)];
                for (int i = 0; i < 4; i++) {
                    rig.guest.setByte(header + i, type >> (8 * i));
                }
                final long sector = random.nextInt(6) == 0 ? random.nextLong() : random.nextInt(40);
                for (int i = 0; i < 8; i++) {
                    rig.guest.setByte(header + 8 + i, (int) (sector >> (8 * i)));
                }
                // What follows may be taken for a segment of a discard.
                for (int i = 0; i < 64; i++) {
                    rig.guest.setByte(header + 16 + i, i % 16 < 13 && i % 8 == 0 ? random.nextInt(40) : 0);
                }
            }
            switch (random.nextInt(4)) {
                case 0 -> {
                    final int cut = random.nextInt(17);
                    chain.addReadable(header, cut);
                    chain.addReadable(header + cut, 16 - cut);
                }
                case 1 -> chain.addReadable(header, 16 + 16 * random.nextInt(4));
                case 2 -> chain.addReadable(header, random.nextInt(20));
                default -> chain.addReadable(header, 16);
            }
        }

        private void addWritable(DescriptorChain chain, long address, int length) {
            if (chain.addWritable(address, length)) {
                for (int i = 0; i < length; i++) {
                    final long at = address + i - WINDOW;
                    if (at >= 0 && at < WINDOW_LENGTH) {
                        writable[(int) at] = true;
                    }
                }
            }
        }

        private long address() {
            return switch (random.nextInt(12)) {
                case 0 -> random.nextLong();
                case 1 -> FakeGuest.END + random.nextInt(-600, 600);
                case 2 -> random.nextInt(-600, 600);
                default -> WINDOW + random.nextInt(WINDOW_LENGTH - 1024);
            };
        }

        private int length() {
            return switch (random.nextInt(5)) {
                case 0 -> random.nextInt(1024);
                case 1 -> 0;
                default -> 512 * random.nextInt(1, 3);
            };
        }

        private void check(DescriptorChain chain, int id) {
            rig.guest.copyOut(WINDOW, after);
            if (!Arrays.equals(before, after)) {
                for (int i = 0; i < WINDOW_LENGTH; i++) {
                    if (before[i] != after[i] && !writable[i]) {
                        throw new AssertionError("byte " + i + " of the window was written");
                    }
                }
            }
            if (!rig.faults.isEmpty()) {
                assertThat(rig.faults)
                        .containsAnyOf(QueueFault.ANSWER_MISSING, QueueFault.ADDRESS_OUTSIDE_MEMORY)
                        .hasSize(1);
                rig.faults.clear();
                rig.queue.stop(base -> {});
                rig.newDriver();
                rig.start();
                return;
            }
            assertThat(rig.driver.poll()).isEqualTo(id);
            assertThat(Integer.toUnsignedLong(rig.driver.usedLength())).isBetween(1L, chain.writableBytes());
            int last = chain.count() - 1;
            while (chain.length(last) == 0) {
                last--;
            }
            final long status = chain.address(last) + chain.length(last) - 1;
            assertThat(rig.guest.getByte(status)).isBetween((byte) 0, (byte) 2);
        }
    }
}
