package io.basalt.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockStatus;
import io.basalt.scsi.Nexus;
import io.basalt.scsi.ReservationStore;
import io.basalt.scsi.ScsiSpec;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.scsi.ScsiRig.Answer;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Commands, from the driver's ring to the volume and back.
class ScsiCommandsTest {
    private static final int GOOD = ScsiSpec.GOOD;
    private static final int CHECK = ScsiSpec.CHECK_CONDITION;
    private static final int BLOCK = ScsiRig.BLOCK;

    private final ScsiRig rig = new ScsiRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void expectCondition(String condition, Answer answer) {
        assertThat(answer.status()).isEqualTo(CHECK);
        assertThat(answer.condition()).isEqualTo(condition);
    }

    @Test
    void readsBackWhatEachKindOfWriteStores() {
        final String[] writes = {
            "0a000010 02 00", "2a00 00000010 00 0002 00", "aa00 00000010 00000002 0000",
            "8a00 0000000000000010 00000002 0000", "2e00 00000010 00 0002 00", "8e00 0000000000000010 00000002 0000"
        };
        final String[] reads = {
            "08000010 02 00",
            "2800 00000010 00 0002 00",
            "a800 00000010 00000002 0000",
            "8800 0000000000000010 00000002 0000"
        };
        for (int i = 0; i < writes.length; i++) {
            final byte[] sent = new byte[2 * BLOCK];
            Arrays.fill(sent, (byte) (i + 1));
            rig.data(sent);
            assertThat(rig.run(writes[i], sent.length, 0).status()).isEqualTo(GOOD);
            rig.data(new byte[2 * BLOCK]);
            final Answer read = rig.run(reads[i % reads.length], 0, 2 * BLOCK + 16);
            assertThat(read.data()).isEqualTo(sent);
            assertThat(read.residual()).isEqualTo(16);
        }
        assertThat(rig.volume.durableWrites).as("verified writes are durable").isEqualTo(2);
    }

    @Test
    void forceUnitAccessMakesAWriteDurableAndFlushesBeforeARead() {
        rig.run("2a08 00000000 00 0001 00", BLOCK, 0);
        assertThat(rig.volume.durableWrites).isEqualTo(1);
        assertThat(rig.run("2808 00000000 00 0001 00", 0, BLOCK).status()).isEqualTo(GOOD);
        assertThat(rig.volume.flushes).isEqualTo(1);
        rig.run("3500 00000000 00 0000 00", 0, 0);
        assertThat(rig.volume.flushes).isEqualTo(2);
    }

    @Test
    void tellsWhatItIsOnEachVitalProductDataPage() {
        assertThat(rig.run("12 00 00 0060 00", 0, 96).hex()).startsWith("000006125b00000242415341");
        assertThat(rig.run("12 01 00 00ff 00", 0, 255).hex()).isEqualTo("00000006008083b0b1b2");
        assertThat(rig.run("12 01 80 00ff 00", 0, 255).hex()).isEqualTo("008000046469736b");
        assertThat(rig.run("12 01 83 00ff 00", 0, 255).hex())
                .isEqualTo("008300240201000c4241534c54202020".replace("4241534c5420", "424153414c54") + "6469736b"
                        + "01030008" + "3000000200000001" + "0114000400000001");
        final Answer limits = rig.run("12 01 b0 00ff 00", 0, 255);
        assertThat(limits.hex()).startsWith("00b0003c0101000100002000000020000000000000400000000000400000000180000000");
        assertThat(limits.data()).hasSize(64);
        assertThat(rig.run("12 01 b1 00ff 00", 0, 255).data()).hasSize(64);
        assertThat(rig.run("12 01 b2 00ff 00", 0, 255).hex()).isEqualTo("00b2000400e40200");
        expectCondition("5/24/00", rig.run("12 01 86 00ff 00", 0, 255));
        expectCondition("5/24/00", rig.run("12 00 80 00ff 00", 0, 255));
    }

    @Test
    void tellsCapacityModesUnitsAndCommands() {
        assertThat(rig.run("25 00 00000000 0000 00 00", 0, 8).hex()).isEqualTo("000007ff00000200");
        assertThat(rig.run("9e10 0000000000000000 00000020 0000", 0, 32).hex())
                .startsWith("00000000000007ff000002000000c000");
        assertThat(rig.run("1a 08 08 00 ff 00", 0, 255).hex()).startsWith("170010000812" + "04");
        assertThat(rig.run("5a 00 3f 00 000000 00ff 00", 0, 255).hex()).startsWith("002e00100000" + "0008");
        expectCondition("5/39/00", rig.run("1a 08 c8 00 ff 00", 0, 255));
        assertThat(rig.run("a000 00 000000 00000100 0000", 0, 256).hex()).isEqualTo("00000008000000000000000000000000");
        assertThat(rig.run("a30c 01 42 0000 00000040 0000", 0, 64).hex()).isEqualTo("0003000a42000000000000ffff00");
        assertThat(rig.run("a30c 01 4d 0000 00000040 0000", 0, 64).hex()).isEqualTo("00010000");
        expectCondition("5/20/00", rig.run("4d000000000000000000", 0, 0));
    }

    @Test
    void switchesToDescriptorSenseAndLeavesTheCacheAlone() {
        rig.data("00000000 0a0a0410 0000000000000000");
        assertThat(rig.run("15 10 0000 10 00", 16, 0).status()).isEqualTo(GOOD);
        final Answer beyond = rig.run("8800 00000000ffffffff 00000001 0000", 0, BLOCK);
        expectCondition("5/21/00", beyond);
        assertThat(beyond.sense()[0]).isEqualTo((byte) 0x72);
        assertThat(ByteBuffer.wrap(beyond.sense()).getLong(12)).isEqualTo(0xffffffffL);
        rig.data("00000000 0812" + "00".repeat(18));
        expectCondition("5/26/00", rig.run("15 10 0000 18 00", 24, 0));
    }

    @Test
    void unmapsAndWritesTheSameOverAndOver() {
        Arrays.fill(rig.volume.bytes, (byte) 7);
        rig.data("0026 0020 00000000" + "0000000000000001 00000002 00000000" + "0000000000000010 00000001 00000000");
        assertThat(rig.run("4200 00000000 00 0028 00", 40, 0).status()).isEqualTo(GOOD);
        assertThat(rig.volume.bytes[BLOCK - 1]).isEqualTo((byte) 7);
        assertThat(rig.volume.bytes[BLOCK]).isZero();
        assertThat(rig.volume.bytes[3 * BLOCK]).isEqualTo((byte) 7);
        assertThat(rig.volume.bytes[16 * BLOCK]).isZero();
        final byte[] pattern = new byte[BLOCK];
        Arrays.fill(pattern, (byte) 9);
        rig.data(pattern);
        assertThat(rig.run("9300 0000000000000100 00000400 0000", BLOCK, 0).status())
                .isEqualTo(GOOD);
        for (int at = 0; at < rig.volume.bytes.length; at++) {
            final boolean inside = at >= 0x100 * BLOCK && at < 0x500 * BLOCK;
            assertThat(rig.volume.bytes[at] == 9).as("byte %s", at).isEqualTo(inside);
        }
        assertThat(rig.run("9301 0000000000000100 00000400 0000", 0, 0).status())
                .isEqualTo(GOOD);
        assertThat(rig.volume.bytes[0x400 * BLOCK]).isZero();
        expectCondition("5/24/00", rig.run("9300 0000000000000000 00000000 0000", BLOCK, 0));
    }

    @Test
    void comparesAndWritesOnlyWhatIsAsExpected() {
        final byte[] both = new byte[2 * BLOCK];
        Arrays.fill(both, BLOCK, 2 * BLOCK, (byte) 5);
        rig.data(both);
        assertThat(rig.run("8900 0000000000000003 000000 01 0000", 2 * BLOCK, 0).status())
                .isEqualTo(GOOD);
        assertThat(rig.volume.bytes[3 * BLOCK]).isEqualTo((byte) 5);
        rig.volume.bytes[3 * BLOCK] = 0;
        final Answer differs = rig.run("8900 0000000000000003 000000 01 0000", 2 * BLOCK, 0);
        expectCondition("e/1d/00", differs);
        assertThat(ByteBuffer.wrap(differs.sense()).getInt(3))
                .as("where it differs")
                .isEqualTo(1);
    }

    @Test
    void saysWhatIsWrongWithRangesAndBuffers() {
        final Answer beyond = rig.run("2800 00000800 00 0001 00", 0, BLOCK);
        expectCondition("5/21/00", beyond);
        assertThat(ByteBuffer.wrap(beyond.sense()).getInt(3)).as("information").isEqualTo(0x800);
        expectCondition("5/21/00", rig.run("8800 ffffffffffffffff 00000001 0000", 0, BLOCK));
        expectCondition("5/21/00", rig.run("8a00 7fffffffffffffff 00000001 0000", BLOCK, 0));
        assertThat(rig.run("2800 00000000 00 0002 00", 0, BLOCK).response())
                .isEqualTo(ScsiHostSpec.VIRTIO_SCSI_S_OVERRUN);
        assertThat(rig.run("2a00 00000000 00 0002 00", BLOCK, 0).response())
                .isEqualTo(ScsiHostSpec.VIRTIO_SCSI_S_OVERRUN);
        assertThat(rig.run("12 00 00 0000 00", 0, 0).status())
                .as("allocation length 0")
                .isEqualTo(GOOD);
        expectCondition("5/26/00", unmapOf("0006 ffff 00000000", 8));
        expectCondition("5/1a/00", unmapOf("0006 0000", 4));
        rig.volume.failure = BlockStatus.IO_ERROR;
        expectCondition("3/11/00", rig.run("2800 00000010 00 0001 00", 0, BLOCK));
        rig.volume.failure = BlockStatus.NO_SPACE;
        expectCondition("7/27/07", rig.run("2a00 00000010 00 0001 00", BLOCK, 0));
    }

    private Answer unmapOf(String list, int length) {
        rig.data(list);
        return rig.run("4200 00000000 00 " + String.format("%04x", length) + " 00", length, 0);
    }

    @Test
    void addressesOneUnitOfEachTarget() {
        final byte[] inquiry = {0x12, 0, 0, 0, 36, 0};
        assertThat(rig.run(LunAddress.of(1), inquiry, 0, 36).response())
                .isEqualTo(ScsiHostSpec.VIRTIO_SCSI_S_BAD_TARGET);
        final Answer elsewhere = rig.run(LunAddress.of(0) | 1L << 24, inquiry, 0, 36);
        assertThat(elsewhere.hex()).startsWith("7f");
        expectCondition("5/25/00", rig.run(LunAddress.of(0) | 1L << 24, new byte[6], 0, 0));
    }

    @Test
    void tellsAResizeAndAResetOnceAndAsksForThemWithRequestSense() {
        rig.volume.size = 4096 * BLOCK;
        rig.unit.resize(4096 * BLOCK);
        expectCondition("6/2a/09", rig.run("000000000000", 0, 0));
        assertThat(rig.run("000000000000", 0, 0).status()).isEqualTo(GOOD);
        assertThat(rig.run("25 00 00000000 0000 00 00", 0, 8).hex()).isEqualTo("00000fff00000200");
        rig.unit.reset();
        assertThat(rig.run("12 00 00 0024 00", 0, 36).status())
                .as("INQUIRY is not stopped")
                .isEqualTo(GOOD);
        assertThat(rig.run("03 00 0000 12 00", 0, 18).hex()).startsWith("700006000000000a0000000029" + "03");
        assertThat(rig.run("000000000000", 0, 0).status()).isEqualTo(GOOD);
    }

    // ---- reservations

    private Answer reserveOut(int action, int type, long key, long actionKey, int flags) {
        rig.data(ByteBuffer.allocate(24)
                .putLong(key)
                .putLong(actionKey)
                .putInt(0)
                .put((byte) flags)
                .array());
        return rig.run(String.format("5f%02x%02x00000000001800", action, type), 24, 0);
    }

    @Test
    void aReservationOfAnotherNexusKeepsThisOneFromWriting() {
        final Nexus other = new Nexus(rig.unit, "other/0", 2);
        assertThat(reserveOut(0, 0, 0, 0xabc, 0).status()).isEqualTo(GOOD);
        assertThat(reserveOut(1, 5, 0xabc, 0, 0).status()).isEqualTo(GOOD);
        assertThat(rig.run("5e00 0000000000 00ff 00", 0, 255).hex()).isEqualTo("00000001000000080000000000000abc");
        assertThat(rig.run("5e01 0000000000 00ff 00", 0, 255).hex())
                .isEqualTo("00000001000000100000000000000abc00000000" + "00050000");
        rig.queue.detach(0, () -> {});
        rig.unit.attach(other, (_, passed) -> passed.run());
        rig.queue.attach(0, other, rig.volume);
        assertThat(rig.run("2a00 00000000 00 0001 00", BLOCK, 0).status()).isEqualTo(ScsiSpec.RESERVATION_CONFLICT);
        assertThat(rig.run("2800 00000000 00 0001 00", 0, BLOCK).status())
                .as("reads may")
                .isEqualTo(GOOD);
        assertThat(reserveOut(1, 5, 0, 0, 0).status()).isEqualTo(ScsiSpec.RESERVATION_CONFLICT);
        assertThat(reserveOut(0, 0, 0, 0xdef, 0).status()).isEqualTo(GOOD);
        assertThat(rig.run("2a00 00000000 00 0001 00", BLOCK, 0).status())
                .as("registrants may")
                .isEqualTo(GOOD);
        assertThat(reserveOut(5, 5, 0xdef, 0xabc, 0).status()).as("preempts").isEqualTo(GOOD);
        assertThat(rig.run("5e00 0000000000 00ff 00", 0, 255).hex()).endsWith("0000000000000def");
        expectCondition("5/1a/00", rig.run("5f01 0500000000001700", 23, 0));
    }

    @Test
    void lastingRegistrationsAreThereInTheNextLife() {
        final byte[][] kept = {new byte[0]};
        final ReservationStore store = bytes -> {
            kept[0] = bytes;
            return true;
        };
        final var unit = ScsiRig.unit(rig.volume, new byte[0], store);
        final Nexus nexus = new Nexus(unit, "guest/0", 1);
        unit.attach(nexus, (_, passed) -> passed.run());
        rig.queue.detach(0, () -> {});
        rig.queue.attach(0, nexus, rig.volume);
        reserveOut(0, 0, 0, 0x77, 1);
        reserveOut(1, 3, 0x77, 0, 0);
        assertThat(kept[0]).isNotEmpty();
        final var next = ScsiRig.unit(rig.volume, kept[0], store);
        final Nexus stranger = new Nexus(next, "stranger/0", 1);
        next.attach(stranger, (_, passed) -> passed.run());
        rig.queue.detach(0, () -> {});
        rig.queue.attach(0, stranger, rig.volume);
        assertThat(rig.run("2800 00000000 00 0001 00", 0, BLOCK).status()).isEqualTo(ScsiSpec.RESERVATION_CONFLICT);
        assertThat(rig.run("5e00 0000000000 00ff 00", 0, 255).hex()).isEqualTo("00000000000000080000000000000077");
    }

    // ---- the queue

    @Test
    void aFenceWaitsForWhatHasArrivedAndADetachedTargetForItsCommands() {
        rig.volume.deferring = true;
        rig.send(0, new byte[] {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, 0, BLOCK);
        final boolean[] passed = {false, false};
        rig.queue.fence(0, () -> passed[0] = true);
        rig.poll();
        rig.poll();
        assertThat(passed[0]).isFalse();
        rig.queue.detach(0, () -> passed[1] = true);
        rig.poll();
        assertThat(passed[1]).isFalse();
        rig.volume.finishAll();
        rig.poll();
        assertThat(passed).containsExactly(true, true);
        assertThat(rig.take().status()).isEqualTo(GOOD);
        assertThat(rig.run("000000000000", 0, 0).response()).isEqualTo(ScsiHostSpec.VIRTIO_SCSI_S_BAD_TARGET);
    }

    @Test
    void readsWritesAndFlushesAllocateNothing() {
        final byte[] read = {0x28, 0, 0, 0, 0, 5, 0, 0, 1, 0};
        final byte[] write = {0x2a, 0, 0, 0, 0, 5, 0, 0, 1, 0};
        final byte[] durably = {0x2a, 8, 0, 0, 0, 5, 0, 0, 1, 0};
        final byte[] flush = {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        assertThat(allocatedBy(read, 0, BLOCK)).as("READ(10)").isZero();
        assertThat(allocatedBy(write, BLOCK, 0)).as("WRITE(10)").isZero();
        assertThat(allocatedBy(durably, BLOCK, 0)).as("WRITE(10), FUA").isZero();
        assertThat(allocatedBy(flush, 0, 0)).as("SYNCHRONIZE CACHE(10)").isZero();
        assertThat(rig.volume.flushes).isGreaterThan(10_000);
        assertThat(rig.volume.durableWrites).isGreaterThan(10_000);
    }

    private long allocatedBy(byte[] cdb, int outLength, int inLength) {
        final DescriptorChain command = rig.command(LunAddress.of(0), cdb, outLength, inLength);
        return AllocationProbe.bytesAllocated(20_000, 10_000, () -> rig.again(command));
    }

    @Test
    void behavesLikeAnArrayOfBlocks() {
        SeededTest.run(100, random -> {
            try (ScsiRig fresh = new ScsiRig()) {
                final byte[] model = new byte[ScsiRig.BLOCKS * BLOCK];
                for (int step = 0; step < 60; step++) {
                    actLikeTheModel(fresh, model, random);
                }
                assertThat(fresh.volume.bytes).isEqualTo(model);
            }
        });
    }

    private static void actLikeTheModel(ScsiRig fresh, byte[] model, RandomGenerator random) {
        final int count = random.nextInt(1, 9);
        final int block = random.nextInt(ScsiRig.BLOCKS - count);
        final ByteBuffer cdb = ByteBuffer.allocate(16);
        final byte[] data = new byte[count * BLOCK];
        switch (random.nextInt(3)) {
            case 0 -> {
                random.nextBytes(data);
                fresh.data(data);
                cdb.put(0, (byte) 0x8a).putLong(2, block).putInt(10, count);
                assertThat(fresh.run(LunAddress.of(0), cdb.array(), data.length, 0)
                                .status())
                        .isEqualTo(GOOD);
                System.arraycopy(data, 0, model, block * BLOCK, data.length);
            }
            case 1 -> {
                cdb.put(0, (byte) 0x88).putLong(2, block).putInt(10, count);
                assertThat(fresh.run(LunAddress.of(0), cdb.array(), 0, data.length)
                                .data())
                        .isEqualTo(Arrays.copyOfRange(model, block * BLOCK, (block + count) * BLOCK));
            }
            default -> {
                cdb.put(0, (byte) 0x93).put(1, (byte) 8).putLong(2, block).putInt(10, count);
                fresh.data(new byte[BLOCK]);
                assertThat(fresh.run(LunAddress.of(0), cdb.array(), BLOCK, 0).status())
                        .isEqualTo(GOOD);
                Arrays.fill(model, block * BLOCK, (block + count) * BLOCK, (byte) 0);
            }
        }
    }

    @Test
    void answersEveryCommandWhateverItsBytesAre() {
        final int[] opcodes = {
            0, 3, 8, 0xa, 0x12, 0x15, 0x16, 0x17, 0x1a, 0x1b, 0x25, 0x28, 0x2a, 0x2e, 0x2f, 0x35, 0x41, 0x42, 0x55,
            0x56, 0x57, 0x5a, 0x5e, 0x5f, 0x88, 0x89, 0x8a, 0x8e, 0x8f, 0x91, 0x93, 0x9e, 0xa0, 0xa3, 0xa8, 0xaa
        };
        SeededTest.run(300, random -> {
            try (ScsiRig fresh = new ScsiRig()) {
                for (int step = 0; step < 40; step++) {
                    final byte[] cdb = new byte[32];
                    random.nextBytes(cdb);
                    for (int i = 1; i < 16; i++) {
                        // Mostly small numbers, so that many commands get far.
                        cdb[i] = random.nextInt(3) == 0 ? cdb[i] : (byte) (random.nextInt(8) == 0 ? 1 : 0);
                    }
                    cdb[0] = random.nextInt(8) == 0 ? cdb[0] : (byte) opcodes[random.nextInt(opcodes.length)];
                    final byte[] data = new byte[4096];
                    random.nextBytes(data);
                    fresh.data(data);
                    final int out = random.nextBoolean() ? random.nextInt(4096) : 0;
                    final int in = random.nextBoolean() ? random.nextInt(4096) : 0;
                    final Answer answer = fresh.run(LunAddress.of(0), cdb, out, in);
                    assertThat(answer.response()).isIn(0, 1, 9);
                    assertThat(answer.data().length).isLessThanOrEqualTo(in);
                    assertThat(fresh.faults).isEmpty();
                }
            }
        });
    }
}
