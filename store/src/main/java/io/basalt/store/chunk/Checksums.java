package io.basalt.store.chunk;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// CRC32C over requests' memory without allocation, and the binding of a block's checksum to what the block is.
///
/// The JVM computes CRC32C over byte buffers only, so each region is looked at through buffers of up to 1
/// GiB that are made when its table is first seen. One owner reactor.
final class Checksums {
    /// Plain CRC32C of a block of zeros.
    static final int ZERO_BLOCK = of(Memory.ZEROS, 0, StoreRequest.BLOCK_BYTES);

    private static final int WINDOW_SHIFT = 30;
    private static final long WINDOW_BYTES = 1L << WINDOW_SHIFT;

    /// The buffers of one table, by region and window.
    private static final class Views {
        final RegionTable table;
        final ByteBuffer[][] windows;

        Views(RegionTable table, ByteBuffer[][] windows) {
            this.table = table;
            this.windows = windows;
        }
    }

    private final CRC32C crc = new CRC32C();
    private Views[] known = {};
    private int lastUsed;

    /// Plain CRC32C of part of a segment. Control plane: allocates.
    static int of(MemorySegment segment, long offset, long length) {
        final CRC32C crc = new CRC32C();
        crc.update(segment.asSlice(offset, length).asByteBuffer());
        return (int) crc.getValue();
    }

    /// What a stored checksum is bound to: XORed with the plain CRC32C of the block's content.
    static int binding(long partId, int shardIndex, int block, long version) {
        final long identity = mix(mix(partId) ^ ((long) shardIndex << 32 | block));
        final long bound = mix(identity ^ version);
        return (int) (bound ^ bound >>> 32);
    }

    /// The finaliser of SplitMix64: spreads each bit of the input over all bits of the output.
    static long mix(long value) {
        long mixed = value + 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }

    /// Plain CRC32C of bytes of a region.
    int of(RegionTable table, int region, long offset, int length) {
        crc.reset();
        update(views(table)[region], offset, length);
        return (int) crc.getValue();
    }

    /// Plain CRC32C of bytes that a vector lists.
    ///
    /// @param from first byte, counted over the whole vector
    int of(IoVector data, long from, int length) {
        final ByteBuffer[][] windows = views(data.table());
        crc.reset();
        long skip = from;
        int left = length;
        for (int entry = 0; left > 0; entry++) {
            final int here = data.length(entry);
            if (skip >= here) {
                skip -= here;
                continue;
            }
            final int piece = (int) Math.min(left, here - skip);
            update(windows[data.region(entry)], data.offset(entry) + skip, piece);
            left -= piece;
            skip = 0;
        }
        return (int) crc.getValue();
    }

    /// The table's memory will not be looked at any more.
    @SuppressWarnings("ReferenceEquality") // a table is itself
    void forget(RegionTable table) {
        known = Arrays.stream(known).filter(views -> views.table != table).toArray(Views[]::new);
        lastUsed = 0;
    }

    private void update(ByteBuffer[] windows, long offset, int length) {
        long at = offset;
        int left = length;
        while (left > 0) {
            final ByteBuffer window = windows[(int) (at >>> WINDOW_SHIFT)];
            final int inWindow = (int) (at & WINDOW_BYTES - 1);
            final int piece = (int) Math.min(left, WINDOW_BYTES - inWindow);
            window.limit(inWindow + piece).position(inWindow);
            crc.update(window);
            at += piece;
            left -= piece;
        }
    }

    @SuppressWarnings("ReferenceEquality") // a table is itself
    private ByteBuffer[][] views(RegionTable table) {
        final Views[] current = known;
        if (lastUsed < current.length && current[lastUsed].table == table) {
            return current[lastUsed].windows;
        }
        for (int i = 0; i < current.length; i++) {
            if (current[i].table == table) {
                lastUsed = i;
                return current[i].windows;
            }
        }
        return learn(table);
    }

    private ByteBuffer[][] learn(RegionTable table) {
        final ByteBuffer[][] windows = new ByteBuffer[table.count()][];
        for (int region = 0; region < windows.length; region++) {
            final MemorySegment segment = table.segment(region);
            windows[region] = new ByteBuffer[(int) ((segment.byteSize() + WINDOW_BYTES - 1) >>> WINDOW_SHIFT)];
            for (int i = 0; i < windows[region].length; i++) {
                final long start = (long) i << WINDOW_SHIFT;
                windows[region][i] = segment.asSlice(start, Math.min(WINDOW_BYTES, segment.byteSize() - start))
                        .asByteBuffer();
            }
        }
        known = Arrays.copyOf(known, known.length + 1);
        known[known.length - 1] = new Views(table, windows);
        lastUsed = known.length - 1;
        return windows;
    }
}
