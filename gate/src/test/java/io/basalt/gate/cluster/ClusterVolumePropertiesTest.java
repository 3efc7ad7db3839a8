package io.basalt.gate.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.gate.cluster.FakeChunk.Trouble;
import io.basalt.net.CallStatus;
import io.basalt.net.sim.SimFaults;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// A volume over simulated chunk servers against a flat array: whatever happens on the way, it reads as it was
/// written.
class ClusterVolumePropertiesTest {
    private static final int SECTOR = 512;
    private static final int MEMORY = 2 << 20;

    @Test
    void readsAsAFlatArrayWhateverRangesAndLayouts() {
        SeededTest.run(25, random -> {
            final int shardBytes = 64 << 10 << random.nextInt(3);
            final VolumeRecord record = parts(random, shardBytes);
            try (SimCluster cluster = new SimCluster(random, record, MEMORY, random.nextBoolean(), 64)) {
                final byte[] expected = new byte[(int) record.sizeBytes()];
                for (int i = 0; i < 40; i++) {
                    step(cluster, random, expected);
                }
                assertThat(cluster.shared.wrongs).isEmpty();
            }
        });
    }

    /// One to three parts, the last of which need not end with a shard.
    private static VolumeRecord parts(RandomGenerator random, int shardBytes) {
        final List<PartRecord> parts = new ArrayList<>();
        long end = 0;
        final int count = random.nextInt(1, 4);
        for (int part = 0; part < count; part++) {
            final long length = (long) shardBytes * random.nextInt(1, 6);
            parts.add(new PartRecord(9 + 5L * part, TestMaps.SET, end, length));
            end += length;
        }
        final long size = end - (long) SECTOR * random.nextInt(64);
        return TestMaps.record(size, shardBytes, TestMaps.GENERATION, parts);
    }

    private static void step(SimCluster cluster, RandomGenerator random, byte[] expected) {
        final int sectors = expected.length / SECTOR;
        final int first = random.nextInt(sectors);
        final int most = Math.min(sectors - first, random.nextInt(4) == 0 ? 1024 : 40);
        final int offset = first * SECTOR;
        final int length = random.nextInt(1, most + 1) * SECTOR;
        final BlockOperation operation = switch (random.nextInt(6)) {
            case 0, 1 -> BlockOperation.READ;
            case 2, 3 -> BlockOperation.WRITE;
            case 4 -> BlockOperation.DISCARD;
            default -> BlockOperation.WRITE_ZEROES;
        };
        final TestRequest request = new TestRequest().empty(operation, offset, length, cluster.table);
        final byte[] data = new byte[length];
        switch (operation) {
            case READ -> layOut(random, request.data(), length);
            case WRITE -> {
                random.nextBytes(data);
                layOut(random, request.data(), length);
                copy(request.data(), data, true);
                System.arraycopy(data, 0, expected, offset, length);
            }
            default -> Arrays.fill(expected, offset, offset + length, (byte) 0);
        }
        request.submitTo(cluster.channel);
        cluster.until(operation + " " + offset + "+" + length, request::isDone);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
        if (operation == BlockOperation.READ) {
            copy(request.data(), data, false);
            assertThat(data).isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
        }
    }

    /// Entries of random lengths, down to a byte, in both regions, with gaps.
    private static void layOut(RandomGenerator random, IoVector data, int length) {
        final int[] at = new int[2];
        final int spare = MEMORY - length;
        int left = length;
        final int usual = 1 << random.nextInt(4, 17);
        while (left > 0) {
            final boolean last = data.count() == TestRequest.ENTRIES - 1;
            final int piece = last ? left : Math.min(left, random.nextInt(1, usual + 1));
            final int region = at[0] < spare && random.nextBoolean() ? 0 : 1;
            assertThat(data.add(region, at[region], piece)).isTrue();
            at[region] += piece + random.nextInt(3);
            if (at[region] > MEMORY - left) {
                at[region] = Math.min(at[region], MEMORY - left);
            }
            left -= piece;
        }
    }

    private static void copy(IoVector vector, byte[] bytes, boolean intoVector) {
        int at = 0;
        for (int entry = 0; entry < vector.count(); entry++) {
            final MemorySegment segment = vector.segment(entry);
            final int length = vector.length(entry);
            if (intoVector) {
                MemorySegment.copy(bytes, at, segment, ValueLayout.JAVA_BYTE, vector.offset(entry), length);
            } else {
                MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, vector.offset(entry), bytes, at, length);
            }
            at += length;
        }
    }

    @Test
    void losesNothingUnderLoadWhateverTheClusterDoes() {
        SeededTest.run(8, random -> {
            final VolumeRecord record = TestMaps.record(8 << 20, 64 << 10);
            try (SimCluster cluster = new SimCluster(random, record, MEMORY, true, random.nextInt(1, 32))) {
                final Load load = new Load(cluster, random);
                cluster.world.faults(
                        SimFaults.NONE.withBreaks(random.nextInt(20_000)).withSplitPieces());
                makeTrouble(cluster, random);
                load.run(400);
                cluster.world.faults(SimFaults.NONE);
                cluster.chunks.forEach(chunk -> chunk.mood = _ -> Trouble.NONE);
                cluster.chunks.forEach(FakeChunk::answerHeld);
                load.finish();
                load.verify();
                assertThat(cluster.shared.wrongs).isEmpty();
                assertThat(cluster.channel.inFlight()).isZero();
            }
        });
    }

    private static void makeTrouble(SimCluster cluster, RandomGenerator random) {
        final Trouble[] troubles = Trouble.values();
        for (final FakeChunk chunk : cluster.chunks) {
            chunk.mood = _ -> random.nextInt(8) == 0 ? troubles[random.nextInt(troubles.length)] : Trouble.NONE;
        }
    }

    /// Requests to slots of their own, many at a time; each slot's content is known.
    private static final class Load {
        private static final int SLOTS = 48;
        private static final int SLOT_BYTES = 160 << 10;

        private final SimCluster cluster;
        private final RandomGenerator random;
        private final TestRequest[] requests = new TestRequest[SLOTS];
        private final byte[][] expected = new byte[SLOTS][SLOT_BYTES];
        /// What a read is to bring; empty for a write.
        private final byte[][] reading = new byte[SLOTS][0];
        private int done;

        Load(SimCluster cluster, RandomGenerator random) {
            this.cluster = cluster;
            this.random = random;
            for (int slot = 0; slot < SLOTS; slot++) {
                requests[slot] = new TestRequest();
            }
        }

        void run(int count) {
            for (int slot = 0; slot < SLOTS / 2; slot++) {
                next(slot);
            }
            while (done < count) {
                turnAndDisturb();
                for (int slot = 0; slot < SLOTS / 2; slot++) {
                    if (requests[slot].isDone()) {
                        check(slot);
                        next(slot);
                    }
                }
            }
        }

        private void turnAndDisturb() {
            cluster.turn();
            switch (random.nextInt(2_000)) {
                case 0 -> cluster.world.disconnect(SimCluster.GATE, TestMaps.host(random.nextInt(1, 4)));
                case 1, 2, 3 -> {
                    final int pg = random.nextInt(32);
                    cluster.publish(
                            TestMaps.moved(cluster.shared.map, pg, random.nextInt(1, 4)), random.nextLong(3_000_000));
                }
                case 4 -> cluster.chunks.forEach(FakeChunk::answerHeld);
                default -> {}
            }
        }

        private void next(int slot) {
            // Two halves of a slot's memory: of this and of the next slot.
            final int offset = random.nextInt(64) * SECTOR;
            final int length = random.nextInt(1, 192) * SECTOR;
            final TestRequest request = requests[slot];
            final boolean read = random.nextInt(3) == 0;
            final long at = (long) slot * SLOT_BYTES + offset;
            final long memory = (long) (slot % 12) * SLOT_BYTES + offset;
            request.empty(read ? BlockOperation.READ : BlockOperation.WRITE, at, length, cluster.table);
            request.data().add(slot / 12, memory, length);
            if (read) {
                reading[slot] = Arrays.copyOfRange(expected[slot], offset, offset + length);
            } else {
                reading[slot] = new byte[0];
                final byte[] bytes = new byte[length];
                random.nextBytes(bytes);
                System.arraycopy(bytes, 0, expected[slot], offset, length);
                copy(request.data(), bytes, true);
            }
            request.submitTo(cluster.channel);
        }

        private void check(int slot) {
            done++;
            assertThat(requests[slot].status).isEqualTo(BlockStatus.OK);
            assertThat(requests[slot].completions).isEqualTo(1);
            if (reading[slot].length > 0) {
                final byte[] bytes = new byte[reading[slot].length];
                copy(requests[slot].data(), bytes, false);
                assertThat(bytes).isEqualTo(reading[slot]);
            }
        }

        void finish() {
            for (int slot = 0; slot < SLOTS / 2; slot++) {
                final TestRequest request = requests[slot];
                cluster.until("slot " + slot + " is done", request::isDone);
                check(slot);
            }
        }

        void verify() {
            for (int slot = 0; slot < SLOTS / 2; slot++) {
                final TestRequest request = new TestRequest()
                        .empty(BlockOperation.READ, (long) slot * SLOT_BYTES, SLOT_BYTES, cluster.table);
                request.data().add(0, 0, SLOT_BYTES);
                request.submitTo(cluster.channel);
                cluster.until("slot " + slot + " is read", request::isDone);
                final byte[] bytes = new byte[SLOT_BYTES];
                copy(request.data(), bytes, false);
                assertThat(bytes).isEqualTo(expected[slot]);
            }
        }
    }

    @Test
    void aGuestThatChangesItsBufferUnderWayHarmsOnlyItself() {
        SeededTest.run(6, random -> {
            final VolumeRecord record = TestMaps.record(8 << 20, 64 << 10);
            try (SimCluster cluster = new SimCluster(random, record, MEMORY, true, 64)) {
                final int length = 1 << 20;
                final byte[] honest = new byte[length];
                random.nextBytes(honest);
                final TestRequest other =
                        new TestRequest().of(BlockOperation.WRITE, length, length, cluster.table, length);
                copy(other.data(), honest, true);
                final TestRequest changed = new TestRequest().of(BlockOperation.WRITE, 0, length, cluster.table, 0);
                other.submitTo(cluster.channel);
                changed.submitTo(cluster.channel);
                final MemorySegment memory = cluster.table.segment(0);
                cluster.until("both are done", () -> {
                    for (int i = 0; i < 64; i++) {
                        memory.set(ValueLayout.JAVA_BYTE, random.nextInt(length), (byte) random.nextInt());
                    }
                    return other.isDone() && changed.isDone();
                });
                assertThat(changed.status).isEqualTo(BlockStatus.OK);
                assertThat(other.status).isEqualTo(BlockStatus.OK);
                assertThat(cluster.channel.counters().of(CallStatus.PAYLOAD_CHANGED))
                        .isPositive();
                assertThat(cluster.channel.counters().of(Event.COPIED))
                        .isEqualTo(cluster.channel.counters().of(CallStatus.PAYLOAD_CHANGED));
                final TestRequest back = new TestRequest().of(BlockOperation.READ, length, length, cluster.table, 0);
                back.submitTo(cluster.channel);
                cluster.until("read back", back::isDone);
                final byte[] bytes = new byte[length];
                copy(back.data(), bytes, false);
                assertThat(bytes).isEqualTo(honest);
            }
        });
    }

    @Test
    void aDeadPrimaryIsLeftAsSoonAsTheMapSaysSo() {
        SeededTest.run(3, random -> {
            final VolumeRecord record = TestMaps.record(8 << 20, 64 << 10);
            try (SimCluster cluster = new SimCluster(random, record, MEMORY, true, 64)) {
                final TestRequest request = new TestRequest().of(BlockOperation.WRITE, 0, 4096, cluster.table, 0);
                request.submitTo(cluster.channel);
                cluster.until("the first write is done", request::isDone);
                final int pg = cluster.shared.map.pgOf(9, 0);
                final int dead = cluster.shared.map.primaryDevice(pg);
                cluster.world.partition(SimCluster.GATE, TestMaps.host(dead), true);
                cluster.world.partition(TestMaps.host(dead), SimCluster.GATE, true);
                request.of(BlockOperation.WRITE, 0, 4096, cluster.table, 0).submitTo(cluster.channel);
                final long fromNs = cluster.clock.nanoTime();
                cluster.publish(
                        TestMaps.moved(cluster.shared.map, pg, dead % 3 + 1)
                                .withDeviceState(dead, io.basalt.placement.DeviceState.DOWN_IN),
                        300_000_000L);
                cluster.until("the second write is done", request::isDone);
                assertThat(request.status).isEqualTo(BlockStatus.OK);
                // Sooner than the connection's own silence would have told.
                assertThat(cluster.clock.nanoTime() - fromNs).isBetween(300_000_000L, 320_000_000L);
            }
        });
    }
}
