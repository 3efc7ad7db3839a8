package io.basalt.store.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.store.sim.SimDisk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The exact bytes of each on-disk structure, as `docs/FORMAT.md` has them.
class ChunkFormatTest {
    private static final Geometry GEOMETRY = new Geometry(
            0x1112131415161718L,
            0x2122232425262728L,
            1L << 30,
            256,
            16,
            1024,
            300,
            240,
            4,
            0x3132333435363738L,
            0x4142434445464748L);

    private final Memory memory = new Memory(1, 1, 1, 1);
    private final MemorySegment block = memory.staging();

    private String hex(long from, int length) {
        return HexFormat.of().formatHex(block.asSlice(from, length).toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void superblockHasTheBytesOfFormat2() {
        Superblock.encode(block, GEOMETRY);
        assertThat(hex(0, 4)).isEqualTo("42535342");
        assertThat(hex(8, 72))
                .isEqualTo("0200000000100000" + "1817161514131211" + "2827262524232221" + "0000004000000000"
                        + "00010000" + "10000000" + "00040000" + "2c010000" + "f0000000" + "04000000"
                        + "3837363534333231"
                        + "4847464544434241");
        assertThat(block.asSlice(80).mismatch(Memory.ZEROS.asSlice(80))).isEqualTo(-1);
        assertThat(Superblock.violation(block, 1L << 30)).isNull();
        assertThat(Superblock.decode(block)).isEqualTo(GEOMETRY);
        assertThat(Superblock.violation(block, 1 << 20)).contains("the device has 1048576");
        block.set(ValueLayout.JAVA_BYTE, 44, (byte) 17);
        assertThat(Superblock.violation(block, 1L << 30)).isEqualTo("checksum does not match");
    }

    @Test
    void logBlockHasTheBytesOfFormat2() {
        LogLayout.header(block, 0, GEOMETRY, 1025, 1020, 1000, 7, 1, 128, true);
        LogLayout.record(block, 64, LogLayout.WRITE, 5, 2, 6, 9, 0x0102030405060708L);
        LogLayout.recordShard(block, 64, 77, 3, 11, -1);
        LogLayout.recordBlock(block, 64, 2, 0, 0x0102, 0xA1A2A3A4);
        LogLayout.recordBlock(block, 64, 2, 1, 0x0010, 0xB1B2B3B4);
        LogLayout.seal(block, 0, Checksums.of(block, 8, 120));
        assertThat(hex(0, 4)).isEqualTo("474c5342");
        assertThat(hex(8, 56))
                .isEqualTo("2827262524232221" + "0104000000000000" + "fc03000000000000" + "e803000000000000"
                        + "07000000" + "0100" + "8000" + "0200" + "0100" + "00000000" + "0000000000000000");
        assertThat(hex(64, 64))
                .isEqualTo("01000500" + "02004000" + "06000000" + "03000000" + "4d00000000000000" + "0900000000000000"
                        + "0807060504030201" + "0b000000" + "ffffffff" + "a4a3a2a1" + "b4b3b2b1" + "0201" + "1000"
                        + "00000000");
        assertThat(LogLayout.violation(block, 0, GEOMETRY, 1)).isNull();
        assertThat(LogLayout.violation(block, 0, GEOMETRY, 2)).isEqualTo("format or place is another");
    }

    @Test
    void pageHasTheBytesOfFormat2() {
        PageLayout.clear(block, 0, 256);
        PageLayout.identity(block, 0, 77, 3);
        PageLayout.slot(block, 0, 0, 11);
        PageLayout.place(block, 0, 2, 0x0104, 0xA1A2A3A4, 0x0102030405060708L);
        PageLayout.raiseVersion(block, 0, 0x0102030405060708L);
        PageLayout.floor(block, 0, 4);
        PageLayout.reflect(block, 0, 6);
        PageLayout.slotSequence(block, 0, 1);
        PageLayout.seal(memory, Memory.STAGING_REGION, 0, new Checksums(), GEOMETRY, 6, 2);
        final int crc = Checksums.of(block, 8, 4088);
        assertThat(hex(0, 4)).isEqualTo("47505342");
        assertThat(hex(8, 84))
                .isEqualTo("2827262524232221" + "02000001" + "06000000" + "0200000000000000" + "4d00000000000000"
                        + "03000000" + "01000000" + "0807060504030201" + "0b000000" + "ffffffff" + "0400000000000000"
                        + "0200000000000000" + "0100000000000000" + "00000000");
        assertThat(block.get(Fields.INT, 92)).isEqualTo(Checksums.of(block, 8, 84));
        assertThat(block.get(Fields.INT, 4)).isEqualTo(crc);
        assertThat(hex(96, 12)).isEqualTo("d8edaa8ca74f73bf" + "00000000");
        assertThat(hex(128 + 16, 8)).isEqualTo("0807060504030201");
        assertThat(hex(2176 + 8, 4)).isEqualTo("a4a3a2a1");
        assertThat(hex(3200, 8)).isEqualTo("ffffffff0401ffff");
        assertThat(PageLayout.violation(block, 0, GEOMETRY, 6, crc)).isNull();
        assertThat(PageLayout.violation(block, 0, GEOMETRY, 7, crc)).contains("not this entry's page");
    }

    @Test
    void aLostBlockHasTheHighestPositionButOneAndTheVersionOfNone() {
        PageLayout.clear(block, 0, 4);
        PageLayout.lose(block, 0, 4);
        PageLayout.place(block, 0, 1, 0x8003, 0xA1A2A3A4, 5);
        assertThat(hex(104, 4)).isEqualTo("03000000");
        assertThat(hex(44, 4)).isEqualTo("01000000");
        assertThat(hex(128, 16)).isEqualTo("ffffffffffffffff" + "0500000000000000");
        assertThat(hex(3200, 8)).isEqualTo("feff" + "0380" + "feff" + "feff");
        LogLayout.record(block, 512, LogLayout.LOSE, 0, 4, 6, 9, 7);
        LogLayout.recordShard(block, 512, 77, 3, -1, -1);
        assertThat(hex(512, 48))
                .isEqualTo("06000000" + "04003000" + "06000000" + "03000000" + "4d00000000000000" + "0900000000000000"
                        + "0700000000000000" + "ffffffff" + "ffffffff");
    }

    @Test
    void theDigestIsAFunctionOfTheVersionsAndNotOfTheWayThere() {
        PageLayout.clear(block, 0, 256);
        for (int block : new int[] {9, 3, 255, 3}) {
            PageLayout.place(this.block, 0, block, block, 0, 1000 + block);
        }
        PageLayout.place(block, 0, 4, 4, 0, 77);
        PageLayout.unmap(block, 0, 9, 2000);
        PageLayout.unmap(block, 0, 4, 0);
        assertThat(PageLayout.digest(block, 0))
                .isEqualTo(PageLayout.digestOf(3, 1003) ^ PageLayout.digestOf(9, 2000) ^ PageLayout.digestOf(255, 1255))
                .isEqualTo(PageLayout.computeDigest(block, 0, 256));
        assertThat(PageLayout.digestOf(3, 1003)).isNotEqualTo(PageLayout.digestOf(4, 1003));
        assertThat(PageLayout.digestOf(3, 0)).isZero();
    }

    @Test
    void checksumsAreBoundToTheBlockTheyAreOf() {
        assertThat(Checksums.binding(77, 3, 2, 9)).isNotEqualTo(Checksums.binding(77, 3, 2, 10));
        assertThat(Checksums.mix(0)).isEqualTo(0xE220A8397B1DCDAFL);
        assertThat(Checksums.ZERO_BLOCK).isEqualTo(0x98F94189);
    }

    @Test
    void dumpsWhatIsOnTheDevice() {
        final SimReactor reactor = new SimReactor();
        final SimDisk disk = new SimDisk("disk", 4 << 20, false, () -> 1);
        final StoreBench bench = new StoreBench(reactor.reactor(), () -> {
            reactor.reactor().runOnce();
            while (disk.inFlight() > 0) {
                disk.complete(0);
            }
        });
        bench.format(disk, new FormatOptions(1, 2, 65536, 16, 64, 2, 40));
        final ChunkStore store = bench.open(disk, StoreOptions.of(Durability.PLP));
        bench.write(store, new StoreBench.Request(), 5, 4096, 8192, 9, 1);
        bench.close(store);
        final List<String> lines = new ArrayList<>();
        final boolean[] done = new boolean[1];
        ChunkDump.run(disk, reactor.reactor(), lines::add, () -> done[0] = true);
        bench.until(() -> done[0]);
        assertThat(lines)
                .anyMatch(line -> line.startsWith("superblock copy 1: Geometry[storeIdHigh=1"))
                .contains("  write entry 0 sequence 1 shard 1/5 blocks 1+2 version 9 slots 0 -1 at 0:1 0:2")
                .anyMatch(line -> line.startsWith("entry 0 generation 1: shard 1/5 version 9 mapped 2 slots 0 -1"));
    }
}
