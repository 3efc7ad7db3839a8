package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_IOERR;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_OK;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_S_UNSUPP;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_DISCARD;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_FLUSH;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_GET_ID;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_IN;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_OUT;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.blk.BlkQueueCounters.Kind;
import io.basalt.virtio.blk.BlkRig.Ring;
import io.basalt.virtio.blk.BlkRig.Sent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// How requests go through a queue: every type, in every ring layout, at once and later.
class BlkQueueTest {
    private static byte[] pattern(int length, int seed) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7 + seed);
        }
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    void readsWhatWasWritten(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            final byte[] data = pattern(1024, 3);
            final Sent write = rig.send(VIRTIO_BLK_T_OUT, 10, 1024, 0);
            rig.guest.setBytes(write.readable(), data);
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(write.id());
            assertThat(rig.driver.usedLength()).isEqualTo(1);
            assertThat(rig.status(write)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(Arrays.copyOfRange(rig.volume.bytes(), 5120, 6144)).isEqualTo(data);

            final Sent read = rig.send(VIRTIO_BLK_T_IN, 10, 0, 1024);
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(read.id());
            assertThat(rig.driver.usedLength()).isEqualTo(1025);
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.guest.getBytes(read.writable(), 1024)).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @EnumSource
    void neverWrittenBlocksReadAsZeros(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            final long buffer = rig.guest.place(0);
            rig.guest.setBytes(buffer, pattern(2048, 1));
            final Sent read = rig.send(VIRTIO_BLK_T_IN, 100, 0, 512);
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(read.id());
            assertThat(rig.guest.getBytes(read.writable(), 512)).containsOnly(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void discardedBlocksReadAsZeros(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            Arrays.fill(rig.volume.bytes(), (byte) 9);
            final Sent discard = rig.send(VIRTIO_BLK_T_DISCARD, 0, 32, 0);
            rig.guest.setSegment(discard.readable(), 2, 2, 0);
            rig.guest.setSegment(discard.readable() + 16, 8, 1, 0);
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(discard.id());
            assertThat(rig.status(discard)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.volume.journal()).containsExactly("DISCARD 1024 1024", "DISCARD 4096 512");
            final Sent read = rig.send(VIRTIO_BLK_T_IN, 2, 0, 1536);
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(read.id());
            assertThat(rig.guest.getBytes(read.writable(), 1024)).containsOnly(0);
            assertThat(rig.guest.getBytes(read.writable() + 1024, 512)).containsOnly(9);
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsTheSerialNumber(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            final Sent whole = rig.send(VIRTIO_BLK_T_GET_ID, 0, 0, 20);
            final Sent part = rig.send(VIRTIO_BLK_T_GET_ID, 0, 0, 1);
            rig.guest.setBytes(whole.writable(), pattern(20, 200));
            rig.poll();
            assertThat(rig.driver.poll()).isEqualTo(whole.id());
            assertThat(rig.driver.usedLength()).isEqualTo(21);
            assertThat(rig.guest.getBytes(whole.writable(), 20))
                    .isEqualTo(Arrays.copyOf("a serial number".getBytes(StandardCharsets.US_ASCII), 20));
            assertThat(rig.driver.poll()).isEqualTo(part.id());
            assertThat(rig.driver.usedLength()).isEqualTo(2);
            assertThat(rig.guest.getByte(part.writable())).isEqualTo((byte) 'a');
            assertThat(rig.status(part)).isEqualTo(VIRTIO_BLK_S_OK);
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersBadRequestsWithAStatusAndGoesOn(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            assertThat(rig.run(99, 0, 0, 512)).isEqualTo(VIRTIO_BLK_S_UNSUPP);
            assertThat(rig.run(VIRTIO_BLK_T_IN, 1L << 60, 0, 512)).isEqualTo(VIRTIO_BLK_S_IOERR);
            assertThat(rig.driver.usedLength()).isEqualTo(1);
            assertThat(rig.run(VIRTIO_BLK_T_IN, 0, 0, 512)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.queue.counters().errors()).isEqualTo(2);
            assertThat(rig.faults).isEmpty();
        }
    }

    @Test
    void translatesTheVolumesResults() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.failure = BlockStatus.NO_SPACE;
            assertThat(rig.run(VIRTIO_BLK_T_OUT, 0, 512, 0)).isEqualTo(VIRTIO_BLK_S_IOERR);
            rig.volume.failure = BlockStatus.UNSUPPORTED;
            assertThat(rig.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0)).isEqualTo(VIRTIO_BLK_S_UNSUPP);
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            rig.volume.failure = BlockStatus.IO_ERROR;
            final Sent read = rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
            rig.poll();
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(read)).isEqualTo(VIRTIO_BLK_S_IOERR);
            rig.driver.poll();
            assertThat(rig.driver.usedLength()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersInTheOrderOfCompletion(Ring ring) {
        SeededTest.run(50, random -> {
            try (BlkRig rig = new BlkRig(ring).start()) {
                rig.volume.mode = FakeVolume.Mode.DEFERRED;
                final List<Integer> ids = new ArrayList<>();
                final List<Integer> expected = new ArrayList<>();
                for (int i = 0; i < 5; i++) {
                    ids.add(rig.send(VIRTIO_BLK_T_IN, i, 0, 512).id());
                }
                rig.poll();
                assertThat(rig.queue.inFlight()).isEqualTo(5);
                assertThat(rig.driver.poll()).isEqualTo(-1);
                while (!ids.isEmpty()) {
                    final int which = random.nextInt(ids.size());
                    expected.add(ids.remove(/* index */ which));
                    rig.volume.finish(which);
                    if (random.nextBoolean()) {
                        rig.poll();
                    }
                }
                rig.poll();
                for (final int id : expected) {
                    assertThat(rig.driver.poll()).isEqualTo(id);
                }
                assertThat(rig.driver.poll()).isEqualTo(-1);
                assertThat(rig.queue.inFlight()).isZero();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void callsTheDriverOncePerPoll(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            rig.driver.enableCalls();
            rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.poll();
            assertThat(rig.call.count).isEqualTo(1);
            rig.poll();
            assertThat(rig.call.count).isEqualTo(1);
            assertThat(rig.queue.counters().calls()).isEqualTo(1);
        }
    }

    @Test
    void takesAtMostOneBatchInAPoll() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT_INDIRECT, 64, new FakeVolume(BlkRig.DISK_BYTES, 512)).start()) {
            for (int i = 0; i < BlkQueue.BATCH_LENGTH + 3; i++) {
                rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            }
            assertThat(rig.poll()).isEqualTo(BlkQueue.BATCH_LENGTH);
            assertThat(rig.poll()).isEqualTo(3);
            assertThat(rig.poll()).isZero();
        }
    }

    @Test
    void executesEachRangeAfterTheOneBefore() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final Sent zeroes = rig.send(VIRTIO_BLK_T_WRITE_ZEROES, 0, 32, 0);
            rig.guest.setSegment(zeroes.readable(), 0, 1, 1);
            rig.guest.setSegment(zeroes.readable() + 16, 4, 1, 0);
            rig.poll();
            assertThat(rig.volume.journal()).containsExactly("WRITE_ZEROES 0 512 unmap");
            rig.volume.finishAll();
            assertThat(rig.poll()).isEqualTo(1);
            assertThat(rig.volume.journal()).containsExactly("WRITE_ZEROES 0 512 unmap", "WRITE_ZEROES 2048 512");
            assertThat(rig.status(zeroes)).isEqualTo(0xff);
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(zeroes)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.queue.counters().bytes(Kind.UNMAP)).isEqualTo(1024);
            assertThat(rig.queue.counters().operations(Kind.UNMAP)).isEqualTo(1);
        }
    }

    @Test
    void stopsAtTheFirstRangeThatFails() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.failure = BlockStatus.IO_ERROR;
            final Sent discard = rig.send(VIRTIO_BLK_T_DISCARD, 0, 32, 0);
            rig.guest.setSegment(discard.readable(), 0, 1, 0);
            rig.guest.setSegment(discard.readable() + 16, 4, 1, 0);
            rig.poll();
            assertThat(rig.volume.journal()).hasSize(1);
            assertThat(rig.status(discard)).isEqualTo(VIRTIO_BLK_S_IOERR);
        }
    }

    @Test
    void flushesAfterWritesWhenTheDriverSwitchedTheCacheOff() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.run(VIRTIO_BLK_T_OUT, 0, 512, 0);
            assertThat(new BlkConfiguration(rig.device).write(BlkSpec.CONFIG_WRITEBACK, new byte[] {0}))
                    .isTrue();
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final Sent write = rig.send(VIRTIO_BLK_T_OUT, 1, 512, 0);
            rig.poll();
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(write)).as("not before the flush").isEqualTo(0xff);
            assertThat(rig.volume.journal()).containsExactly("WRITE 0 512", "WRITE 512 512", "FLUSH 0 0");
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(write)).isEqualTo(VIRTIO_BLK_S_OK);
            assertThat(rig.queue.counters().operations(Kind.WRITE)).isEqualTo(2);
            assertThat(rig.queue.counters().bytes(Kind.WRITE)).isEqualTo(1024);
            assertThat(rig.queue.counters().operations(Kind.FLUSH)).isZero();
            assertThat(rig.driver.poll()).isEqualTo(write.id());
            rig.volume.mode = FakeVolume.Mode.IMMEDIATE;
            rig.run(VIRTIO_BLK_T_IN, 1, 0, 512);
            assertThat(rig.volume.journal()).endsWith("READ 512 512");
        }
    }

    @Test
    void reportsTheFlushThatFailsAfterAWrite() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.device.writeback(false);
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            final Sent write = rig.send(VIRTIO_BLK_T_OUT, 1, 512, 0);
            rig.poll();
            rig.volume.finishAll();
            rig.poll();
            rig.volume.failure = BlockStatus.IO_ERROR;
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.status(write)).isEqualTo(VIRTIO_BLK_S_IOERR);
        }
    }

    @Test
    void flushesAfterWritesOfDriversThatCannotFlush() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT)) {
            rig.features &= ~(1L << BlkSpec.VIRTIO_BLK_F_FLUSH | 1L << BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
            rig.newDriver();
            rig.start().run(VIRTIO_BLK_T_OUT, 0, 512, 0);
            assertThat(rig.volume.journal()).containsExactly("WRITE 0 512", "FLUSH 0 0");
        }
    }

    @Test
    void ignoresTheCacheSwitchOfDriversThatDoNotKnowIt() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT)) {
            rig.features &= ~(1L << BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
            rig.newDriver();
            rig.device.writeback(false);
            rig.start().run(VIRTIO_BLK_T_OUT, 0, 512, 0);
            assertThat(rig.volume.journal()).containsExactly("WRITE 0 512");
        }
    }

    @Test
    void neverFlushesAVolumeThatCannot() {
        final FakeVolume volume = new FakeVolume(BlkRig.DISK_BYTES, 512).without(BlockOperation.FLUSH);
        try (BlkRig rig = new BlkRig(Ring.SPLIT, 16, volume).start()) {
            rig.run(VIRTIO_BLK_T_OUT, 0, 512, 0);
            assertThat(volume.journal()).containsExactly("WRITE 0 512");
        }
    }

    @Test
    void countsWhatItDoes() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            rig.send(VIRTIO_BLK_T_IN, 0, 0, 1024);
            rig.poll();
            rig.volume.finishAll();
            rig.nowNs += 5000;
            rig.poll();
            rig.send(VIRTIO_BLK_T_IN, 0, 0, 512);
            rig.poll();
            rig.volume.finishAll();
            rig.poll();
            final BlkQueueCounters counters = rig.queue.counters();
            assertThat(counters.operations(Kind.READ)).isEqualTo(2);
            assertThat(counters.bytes(Kind.READ)).isEqualTo(1536);
            assertThat(counters.latencyMaxNs(Kind.READ)).isEqualTo(6000);
            assertThat(counters.latencySumNs(Kind.READ)).isEqualTo(7000);
            assertThat(counters.operations(Kind.WRITE)).isZero();
            assertThat(counters.errors()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void sleepsOnlyWhenKicksWillComeAndNothingIsLeft(Ring ring) {
        try (BlkRig rig = new BlkRig(ring).start()) {
            assertThat(rig.engine.watches(BlkRig.KICK_FD)).isTrue();
            rig.driver.add(
                    FakeGuest.chain(rig.guest.placeHeader(VIRTIO_BLK_T_FLUSH, 0), 0, 0, rig.guest.place(1), 1), false);
            assertThat(rig.driver.publish()).as("polled: no kick wanted").isFalse();
            assertThat(rig.queue.arm()).as("work is waiting").isFalse();
            rig.poll();
            assertThat(rig.queue.arm()).isTrue();
            rig.driver.add(
                    FakeGuest.chain(rig.guest.placeHeader(VIRTIO_BLK_T_FLUSH, 0), 0, 0, rig.guest.place(1), 1), false);
            assertThat(rig.driver.publish()).as("asleep: kick wanted").isTrue();
            rig.engine.signal(BlkRig.KICK_FD, 1);
            rig.queue.disarm();
            assertThat(rig.poll()).isEqualTo(1);
            assertThat(rig.queue.counters().kicks()).isEqualTo(1);
        }
    }

    @Test
    void doesNotSleepOnACompletionOrWithoutKicks() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            rig.poll();
            rig.volume.finishAll();
            assertThat(rig.queue.arm()).isFalse();
            rig.poll();
            assertThat(rig.queue.arm()).isTrue();
            rig.queue.disarm();
            rig.engine.signal(BlkRig.KICK_FD, -9);
            assertThat(rig.queue.arm()).as("the engine gave up watching").isFalse();
        }
    }

    @Test
    void holdsCallsBackOnABusyQueue() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.device.coalescing(new InterruptCoalescing(100, 100));
            for (int i = 0; i < 40; i++) {
                rig.nowNs += 500_000;
                rig.guest.clear();
                rig.driver.enableCalls();
                rig.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            }
            // 2000 requests per second against a threshold of 100: 100 us * 19 = 1.9 ms, one call in four requests.
            assertThat(rig.call.count).isBetween(25, 29);
            final int before = rig.call.count;
            for (int i = 0; i < 2; i++) {
                rig.driver.enableCalls();
                rig.run(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            }
            rig.queue.arm();
            assertThat(rig.call.count).as("not held back over a sleep").isBetween(before + 1, before + 2);
        }
    }

    @Test
    void waitsInsteadOfAllocatingWhenThePoolIsEmpty() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            rig.volume.mode = FakeVolume.Mode.DEFERRED;
            for (int i = 0; i < 8; i++) {
                rig.send(VIRTIO_BLK_T_FLUSH, 0, 0, 0);
            }
            rig.poll();
            assertThat(rig.queue.inFlight()).isEqualTo(8);
            assertThat(rig.queue.arm()).isTrue();
            rig.queue.disarm();
            rig.volume.finishAll();
            rig.poll();
            assertThat(rig.queue.counters().operations(Kind.FLUSH)).isEqualTo(8);
        }
    }

    @Test
    void refusesToStartTwice() {
        try (BlkRig rig = new BlkRig(Ring.SPLIT).start()) {
            assertThatThrownBy(rig::start).isInstanceOf(IllegalStateException.class);
        }
    }
}
