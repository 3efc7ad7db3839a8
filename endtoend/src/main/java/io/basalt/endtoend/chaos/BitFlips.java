package io.basalt.endtoend.chaos;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Flips bits of a device whose chunk server does not run, in its log or in its metadata pages and data, each time in a
/// block that has content.
///
/// The superblocks are left alone: a device whose both are lost is a new device.
final class BitFlips {
    private static final Pattern GEOMETRY = Pattern.compile("logBlocks=(\\d+), entries=(\\d+)");
    private static final int BLOCK = 4096;
    // FORMAT-CHUNK: two superblocks, 64 KiB each, then the log, then two homes for each metadata page, then data.
    private static final long LOG_OFFSET = 128 << 10;
    private static final int HOMES = 2;
    /// Of a hundred flips outside of the log, those in the metadata.
    private static final int PAGES_PERCENT = 25;

    private final Random random;
    private final List<Long> log = new ArrayList<>();
    private final List<Long> pages = new ArrayList<>();
    private final List<Long> slots = new ArrayList<>();

    private BitFlips(Random random) {
        this.random = random;
    }

    /// Flip bits.
    ///
    /// @param dump what `basalt chunk dump` says of the device
    /// @param ofLog whether all of them are in the log, or none
    /// @param count flips, each in another bit
    /// @return what was flipped, in words
    static String flip(Path device, String dump, boolean ofLog, int count, long seed) throws IOException {
        final Matcher geometry = GEOMETRY.matcher(dump);
        if (!geometry.find()) {
            throw new IOException("the dump of " + device + " does not say how the device is laid out");
        }
        final long pagesAt = LOG_OFFSET + Long.parseLong(geometry.group(1)) * BLOCK;
        final long slotsAt = pagesAt + Long.parseLong(geometry.group(2)) * HOMES * BLOCK;
        final BitFlips flips = new BitFlips(new Random(seed));
        try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
            flips.find(file, pagesAt, slotsAt);
            return ofLog ? flips.flipLog(file, count) : flips.flip(file, count);
        }
    }

    /// Find the blocks that have content.
    private void find(RandomAccessFile file, long pagesAt, long slotsAt) throws IOException {
        final byte[] piece = new byte[256 * BLOCK];
        final long length = file.length();
        file.seek(LOG_OFFSET);
        for (long at = LOG_OFFSET; at + BLOCK <= length; at += piece.length) {
            final int count = (int) Math.min(piece.length, length - at);
            file.readFully(piece, 0, count);
            for (int block = 0; block + BLOCK <= count; block += BLOCK) {
                if (hasContent(piece, block)) {
                    final long offset = at + block;
                    (offset < pagesAt ? log : offset < slotsAt ? pages : slots).add(offset);
                }
            }
        }
    }

    private static boolean hasContent(byte[] piece, int from) {
        for (int i = from; i < from + BLOCK; i++) {
            if (piece[i] != 0) {
                return true;
            }
        }
        return false;
    }

    private String flipLog(RandomAccessFile file, int count) throws IOException {
        if (log.isEmpty()) {
            throw new IOException("the log has no block with content");
        }
        for (int i = 0; i < count; i++) {
            flipOne(file, log);
        }
        return String.format(Locale.ROOT, "flipped %,d bits of log", count);
    }

    private String flip(RandomAccessFile file, int count) throws IOException {
        int inPages = 0;
        int inSlots = 0;
        for (int i = 0; i < count; i++) {
            if (random.nextInt(100) < PAGES_PERCENT && !pages.isEmpty()) {
                flipOne(file, pages);
                inPages++;
            } else if (!slots.isEmpty()) {
                flipOne(file, slots);
                inSlots++;
            }
        }
        return String.format(
                Locale.ROOT, "flipped %,d bits: %,d of metadata, %,d of data", inPages + inSlots, inPages, inSlots);
    }

    private void flipOne(RandomAccessFile file, List<Long> blocks) throws IOException {
        final long offset = blocks.get(random.nextInt(blocks.size())) + random.nextInt(BLOCK);
        file.seek(offset);
        final int old = file.read();
        file.seek(offset);
        file.write(old ^ 1 << random.nextInt(Byte.SIZE));
    }
}
