package io.basalt.store;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.random.RandomGenerator;

/// Stand-in for a guest's memory: page-aligned regions of 2 MiB, filled with a byte that no test writes.
public final class TestMemory implements AutoCloseable {
    public static final int REGION_BYTES = 2 << 20;
    public static final byte UNTOUCHED = (byte) 0xA5;

    private final Arena arena = Arena.ofShared();
    private final RegionTable table;

    public TestMemory(int regions) {
        final MemorySegment[] segments = new MemorySegment[regions];
        for (int i = 0; i < regions; i++) {
            segments[i] = arena.allocate(REGION_BYTES, 4096).fill(UNTOUCHED);
        }
        table = new RegionTable(List.of(segments));
    }

    public RegionTable table() {
        return table;
    }

    /// Fill a vector with random pieces that sum up to `length` and do not overlap: whole pages, whole sectors,
    /// or any odd bytes, in both regions by turns.
    public void scatter(IoVector vector, int length, RandomGenerator random) {
        vector.reset(table);
        final int grain = new int[] {4096, 512, 4, 1}[random.nextInt(4)];
        final int[] used = new int[table.count()];
        int left = length;
        int region = random.nextInt(table.count());
        while (left > 0) {
            final int most = Math.max(grain, length / (1 + random.nextInt(40)) / grain * grain);
            int piece = Math.min(left, most);
            if (vector.count() == TestRequest.PIECE_COUNT_MAX - 1) {
                piece = left;
            }
            final int gap = random.nextInt(3) == 0 && used[region] + grain + left < REGION_BYTES ? grain : 0;
            vector.add(region, used[region] + gap, piece);
            used[region] += gap + piece;
            left -= piece;
            region = (region + 1) % table.count();
        }
    }

    /// Copy bytes into the places a vector names.
    public static void store(IoVector vector, byte[] bytes, int from) {
        int at = from;
        for (int i = 0; i < vector.count(); i++) {
            MemorySegment.copy(bytes, at, vector.segment(i), ValueLayout.JAVA_BYTE, vector.offset(i), vector.length(i));
            at += vector.length(i);
        }
    }

    /// Copy bytes out of the places a vector names.
    public static byte[] load(IoVector vector) {
        final byte[] bytes = new byte[(int) vector.byteCount()];
        int at = 0;
        for (int i = 0; i < vector.count(); i++) {
            MemorySegment.copy(vector.segment(i), ValueLayout.JAVA_BYTE, vector.offset(i), bytes, at, vector.length(i));
            at += vector.length(i);
        }
        return bytes;
    }

    public void wipe() {
        for (int i = 0; i < table.count(); i++) {
            table.segment(i).fill(UNTOUCHED);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
