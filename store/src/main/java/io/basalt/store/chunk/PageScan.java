package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import java.lang.foreign.MemorySegment;

/// Second step of recovery: reads both homes of every page that was ever used and finds which one counts.
///
/// The valid home with the higher generation counts. A home that is neither valid nor all zeros was torn
/// while it was written, if the log still has records of its entry: the log is kept until the page is
/// durable. Otherwise it has rotted; if it can be the newer one, the shard is damaged, since the other home
/// is out of date.
final class PageScan implements DeviceIo.Owner {
    private enum Home {
        ZEROS,
        VALID,
        BROKEN
    }

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
    private boolean refused;

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
        for (int i = 0; i < reading && !refused; i++) {
            look(entry + i, 2L * i * BLOCK_BYTES);
        }
        entry += reading;
        if (!refused) {
            start();
        }
    }

    /// Shards whose newest page is lost.
    int damaged() {
        return damaged;
    }

    private void look(int at, long first) {
        final MemorySegment pages = parts.memory().log();
        for (int home = 0; home < 2; home++) {
            homes[home] = judge(at, first + (long) home * BLOCK_BYTES, home);
        }
        int newest = -1;
        for (int home = 0; home < 2; home++) {
            final long page = first + (long) home * BLOCK_BYTES;
            if (homes[home] == Home.VALID
                    && (newest < 0
                            || PageLayout.generation(pages, page)
                                    > PageLayout.generation(pages, first + (long) newest * BLOCK_BYTES))) {
                newest = home;
            }
        }
        final boolean lost = isNewestLost(at, first, newest);
        if (newest < 0) {
            if (lost) {
                refused = true;
                parts.refusal()
                        .refuse("pages: the page of entry " + at + " is lost, and it cannot be told which shard"
                                + " it was of; rebuild the device from other copies");
            }
            return;
        }
        final long page = first + (long) newest * BLOCK_BYTES;
        if (records.has(at)) {
            // The shard is settled when its records are in.
            parts.entries().generation(at, PageLayout.generation(pages, page));
        } else if (parts.settle(pages, page, at, lost || PageLayout.isDamaged(pages, page))) {
            damaged++;
        }
    }

    private Home judge(int at, long page, int home) {
        final MemorySegment pages = parts.memory().log();
        if (pages.asSlice(page, BLOCK_BYTES).mismatch(Memory.ZEROS) < 0) {
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

    private boolean isNewestLost(int at, long first, int newest) {
        if (records.has(at)) {
            return false;
        }
        final MemorySegment pages = parts.memory().log();
        for (int home = 0; home < 2; home++) {
            final long page = first + (long) home * BLOCK_BYTES;
            final boolean older = newest >= 0
                    && PageLayout.claims(pages, page, parts.geometry(), at)
                    && PageLayout.generation(pages, page)
                            == PageLayout.generation(pages, first + (long) newest * BLOCK_BYTES) - 1;
            if (homes[home] == Home.BROKEN && !older) {
                return true;
            }
        }
        return false;
    }
}
