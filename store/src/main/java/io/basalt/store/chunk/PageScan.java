package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import java.lang.foreign.MemorySegment;

/// Second step of recovery: reads both homes of every page that was ever used and finds which one counts.
///
/// The valid home with the higher generation counts. A home that is neither valid nor all zeros, but says
/// what it is, and is newer, was torn while it was written, if the log still has every record that it says to
/// be in: the log is kept until the page is durable. Otherwise it has rotted, and its shard is damaged, since
/// the other home is out of date. One that does not even say what it is has rotted, and may have been of any
/// shard: the store is incomplete.
final class PageScan implements DeviceIo.Owner {
    private enum Home {
        ZEROS,
        VALID,
        BROKEN
    }

    private static final int BLANK_BITS_MAX = 8;
    private static final int ENTRIES_AT_ONCE = RecoveryParts.SCAN_BLOCKS / 2;

    private final RecoveryParts parts;
    private final LiveRecords records;
    private final int entryCount;
    private final Runnable then;
    private final DeviceIo io;
    private final Home[] homes = new Home[2];
    private int entry;
    private int reading;
    private int damaged;
    private boolean incomplete;

    PageScan(RecoveryParts parts, LiveRecords records, int entryCount, Runnable then) {
        this.parts = parts;
        this.records = records;
        this.entryCount = entryCount;
        this.then = then;
        io = new DeviceIo(parts.device(), this, 0, 1);
    }

    void start() {
        if (entry == entryCount) {
            then.run();
            return;
        }
        reading = Math.min(ENTRIES_AT_ONCE, entryCount - entry);
        final long offset = parts.geometry().pageOffset(entry, 0);
        final int length = reading * 2 * BLOCK_BYTES;
        parts.device().submit(io.range(false, offset, parts.memory().table(), Memory.LOG_REGION, 0, length));
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        if (status != BlockStatus.OK) {
            parts.refusal().refuse("pages: reading them failed with " + status + "; check the device");
            return;
        }
        for (int i = 0; i < reading; i++) {
            look(entry + i, 2L * i * BLOCK_BYTES);
        }
        entry += reading;
        start();
    }

    /// Shards whose newest page is lost.
    int damaged() {
        return damaged;
    }

    /// Whether pages are lost, and it cannot be told of which shards they were.
    boolean isIncomplete() {
        return incomplete;
    }

    private void look(int at, long first) {
        final MemorySegment pages = parts.memory().log();
        int newest = -1;
        for (int home = 0; home < 2; home++) {
            homes[home] = judge(at, home(first, home), home);
            if (homes[home] == Home.VALID && (newest < 0 || generation(first, home) > generation(first, newest))) {
                newest = home;
            }
        }
        final int told = newestTold(at, first, newest);
        final boolean rotted = isOneRotted(at, first);
        incomplete |= rotted;
        if (records.has(at)) {
            // The shard is settled when its records are in.
            parts.entries().generation(at, newest < 0 ? 0 : generation(first, newest));
            if (rotted || told >= 0) {
                final long page = home(first, Math.max(told, 0));
                parts.broken()
                        .put(
                                at,
                                new RecoveryParts.Broken(
                                        rotted,
                                        PageLayout.floor(pages, page),
                                        PageLayout.mask(pages, page),
                                        PageLayout.isByRecovery(pages, page)));
            }
        } else if (told >= 0 || newest >= 0) {
            final int inForce = told >= 0 ? told : newest;
            final long page = home(first, inForce);
            final boolean lost = rotted || told >= 0 || PageLayout.isDamaged(pages, page);
            if (parts.settle(pages, page, at, lost)) {
                damaged++;
            }
        } else if (rotted) {
            parts.toErase().set(at);
        }
    }

    private static long home(long first, int home) {
        return first + (long) home * BLOCK_BYTES;
    }

    private long generation(long first, int home) {
        return PageLayout.generation(parts.memory().log(), home(first, home));
    }

    /// The home that is broken, but says what it is, and is newer than the valid one; -1 if there is none.
    private int newestTold(int at, long first, int newest) {
        int told = -1;
        for (int home = 0; home < 2; home++) {
            if (homes[home] == Home.BROKEN
                    && tells(at, first, home)
                    && (newest < 0 || generation(first, home) > generation(first, newest))
                    && (told < 0 || generation(first, home) > generation(first, told))) {
                told = home;
            }
        }
        return told;
    }

    /// Whether a home does not even say what it is: that happens to no page that was only torn, but the first
    /// one in its home. It may have been the newest, and of another shard than the other home.
    private boolean isOneRotted(int at, long first) {
        final MemorySegment pages = parts.memory().log();
        for (int home = 0; home < 2; home++) {
            final boolean torn = records.has(at) && isBlank(pages, home(first, home), StoreRequest.SECTOR_BYTES);
            if (homes[home] == Home.BROKEN && !torn && !tells(at, first, home)) {
                return true;
            }
        }
        return false;
    }

    private boolean tells(int at, long first, int home) {
        final long page = home(first, home);
        final int crc = parts.checksums()
                .of(parts.memory().table(), Memory.LOG_REGION, page + PageLayout.COVERED_FROM, PageLayout.OWNER_BYTES);
        return PageLayout.tellsOwner(parts.memory().log(), page, parts.geometry(), at, crc)
                && (generation(first, home) & 1) == home;
    }

    /// Whether the beginning of a home was never written. Hardly any bit of it is set, if it has rotted
    /// since; of a page, many are.
    private static boolean isBlank(MemorySegment pages, long page, int bytes) {
        if (pages.asSlice(page, bytes).mismatch(Memory.ZEROS.asSlice(0, bytes)) < 0) {
            return true;
        }
        int bits = 0;
        for (int at = 0; at < bytes && bits <= BLANK_BITS_MAX; at += Long.BYTES) {
            bits += Long.bitCount(pages.get(Fields.LONG, page + at));
        }
        return bits <= BLANK_BITS_MAX;
    }

    private Home judge(int at, long page, int home) {
        final MemorySegment pages = parts.memory().log();
        if (isBlank(pages, page, BLOCK_BYTES)) {
            return Home.ZEROS;
        }
        final int crc = parts.checksums()
                .of(
                        parts.memory().table(),
                        Memory.LOG_REGION,
                        page + PageLayout.COVERED_FROM,
                        PageLayout.COVERED_BYTES);
        final boolean valid = PageLayout.violation(pages, page, parts.geometry(), at, crc) == null
                && (PageLayout.generation(pages, page) & 1) == home
                && PageLayout.generation(pages, page) > 0;
        return valid ? Home.VALID : Home.BROKEN;
    }
}
