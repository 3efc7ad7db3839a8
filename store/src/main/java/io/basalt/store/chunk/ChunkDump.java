package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A printout of a store that nobody has open: superblock, log blocks with their records, and both homes of
/// each page, as they are on the device, one line each. Writes nothing.
public final class ChunkDump implements DeviceIo.Owner {
    private enum Step {
        SUPERBLOCK,
        LOG,
        PAGES
    }

    private final Volume volume;
    private final OneShotDevice device;
    private final Consumer<String> lines;
    private final Runnable done;
    private final Memory memory = RecoveryParts.newMemory();
    private final DeviceIo io;
    private Step step = Step.SUPERBLOCK;
    private int copy;
    private @Nullable Geometry geometry;
    private long at;
    private int count;
    private int entriesUsed;

    private ChunkDump(Volume volume, Reactor reactor, Consumer<String> lines, Runnable done) {
        this.volume = volume;
        this.lines = lines;
        this.done = done;
        device = new OneShotDevice(volume, reactor, Durability.PLP, memory);
        io = new DeviceIo(device.device(), this, 0, 1);
    }

    /// Print a store.
    ///
    /// @param volume stays the caller's, and open until `done` was run
    /// @param lines told each line, from later polls of the reactor
    /// @param done run after the last line
    public static void run(Volume volume, Reactor reactor, Consumer<String> lines, Runnable done) {
        final ChunkDump dump = new ChunkDump(volume, reactor, lines, done);
        dump.device.later(dump::readSuperblock);
    }

    private void readSuperblock() {
        if (volume.sizeBytes() < Geometry.LOG_OFFSET) {
            lines.accept("superblock: the device has " + volume.sizeBytes() + " bytes and holds no chunk store");
            end();
            return;
        }
        read(Geometry.superblockOffset(copy), 1);
    }

    private void read(long offset, int blocks) {
        count = blocks;
        device.device().submit(io.range(false, offset, memory.table(), Memory.LOG_REGION, 0, blocks * BLOCK_BYTES));
    }

    private Geometry geometry() {
        return Objects.requireNonNull(geometry);
    }

    @Override
    public void ioDone(DeviceIo ended, BlockStatus status) {
        if (status != BlockStatus.OK) {
            lines.accept(step + ": reading failed with " + status);
        }
        switch (step) {
            case SUPERBLOCK -> superblock();
            case LOG -> {
                for (int i = 0; i < count; i++) {
                    logBlock(at + i, (long) i * BLOCK_BYTES);
                }
                at += count;
                nextLog();
            }
            case PAGES -> {
                for (int i = 0; i < count; i++) {
                    page((int) (at + i) / 2, (long) i * BLOCK_BYTES);
                }
                at += count;
                nextPages();
            }
        }
    }

    private void superblock() {
        final MemorySegment block = memory.log().asSlice(0, BLOCK_BYTES);
        final String broken = Superblock.violation(block, volume.sizeBytes());
        if (broken != null) {
            lines.accept("superblock copy " + copy + ": " + broken);
        } else {
            geometry = Superblock.decode(block);
            lines.accept("superblock copy " + copy + ": " + geometry);
        }
        copy++;
        if (copy < 2) {
            readSuperblock();
        } else if (geometry == null) {
            end();
        } else {
            step = Step.LOG;
            nextLog();
        }
    }

    private void nextLog() {
        final int left = (int) (geometry().logBlocks() - at);
        if (left > 0) {
            read(geometry().logOffset(at), Math.min(left, RecoveryParts.SCAN_BLOCKS));
            return;
        }
        step = Step.PAGES;
        at = 0;
        nextPages();
    }

    private void logBlock(long place, long block) {
        final MemorySegment log = memory.log();
        if (LogLayout.violation(log, block, geometry(), place) != null) {
            return;
        }
        entriesUsed = Math.max(entriesUsed, LogLayout.entriesUsed(log, block));
        lines.accept("log " + LogLayout.lsn(log, block) + ": mark " + LogLayout.mark(log, block) + ", tail "
                + LogLayout.tail(log, block) + ", entries used " + LogLayout.entriesUsed(log, block)
                + (LogLayout.isIncomplete(log, block) ? ", incomplete" : ""));
        long record = block + LogLayout.HEADER_BYTES;
        for (int i = 0; i < LogLayout.records(log, block); i++) {
            lines.accept("  " + record(log, record));
            record += LogLayout.length(log, record);
        }
    }

    private static String record(MemorySegment log, long at) {
        final StringBuilder text = new StringBuilder(
                switch (LogLayout.type(log, at)) {
                    case LogLayout.WRITE -> "write";
                    case LogLayout.CLEAR -> "clear";
                    case LogLayout.MOVE -> "move";
                    case LogLayout.FREE -> "free";
                    case LogLayout.LOSE -> "lose";
                    default -> "abort";
                });
        text.append(" entry ").append(LogLayout.entry(log, at));
        text.append(" sequence ").append(LogLayout.sequence(log, at));
        text.append(" shard ").append(LogLayout.partId(log, at)).append('/').append(LogLayout.shardIndex(log, at));
        text.append(" blocks ").append(LogLayout.first(log, at)).append('+').append(LogLayout.count(log, at));
        text.append(" version ").append(Long.toUnsignedString(LogLayout.version(log, at)));
        text.append(" slots ").append(LogLayout.slot(log, at, 0)).append(' ').append(LogLayout.slot(log, at, 1));
        for (int i = 0; LogLayout.places(LogLayout.type(log, at)) && i < LogLayout.count(log, at); i++) {
            text.append(i == 0 ? " at " : " ").append(position(LogLayout.position(log, at, i)));
        }
        return text.toString();
    }

    private void nextPages() {
        final long left = 2L * entriesUsed - at;
        if (left <= 0) {
            end();
            return;
        }
        read(geometry().pagesOffset() + at * BLOCK_BYTES, (int) Math.min(left, RecoveryParts.SCAN_BLOCKS));
    }

    private void page(int entry, long page) {
        final MemorySegment pages = memory.log();
        if (pages.asSlice(page, BLOCK_BYTES).mismatch(Memory.ZEROS) < 0) {
            return;
        }
        final int crc = Checksums.of(pages, page + PageLayout.COVERED_FROM, PageLayout.COVERED_BYTES);
        final String broken = PageLayout.violation(pages, page, geometry(), entry, crc);
        if (broken != null) {
            lines.accept("entry " + entry + ": " + broken);
            return;
        }
        final StringBuilder text = new StringBuilder("entry " + entry + " generation ");
        text.append(PageLayout.generation(pages, page));
        if (PageLayout.partId(pages, page) == 0) {
            text.append(": free, floor ").append(PageLayout.floor(pages, page));
            lines.accept(text.toString());
            return;
        }
        text.append(": shard ").append(PageLayout.partId(pages, page)).append('/');
        text.append(PageLayout.shardIndex(pages, page));
        text.append(" version ").append(Long.toUnsignedString(PageLayout.version(pages, page)));
        text.append(" mapped ").append(PageLayout.mapped(pages, page));
        text.append(" slots ").append(PageLayout.slot(pages, page, 0));
        text.append(' ').append(PageLayout.slot(pages, page, 1));
        text.append(" floor ").append(PageLayout.floor(pages, page));
        text.append(PageLayout.isDamaged(pages, page) ? " damaged" : "");
        text.append(" digest ").append(Long.toHexString(PageLayout.digest(pages, page)));
        if (PageLayout.mapped(pages, page) == 0 && PageLayout.lost(pages, page) == 0) {
            lines.accept(text.append(PageLayout.isDamaged(pages, page) ? "" : " tombstone")
                    .toString());
            return;
        }
        for (int block = 0; block < geometry().shardBlocks(); block++) {
            final int position = PageLayout.position(pages, page, block);
            text.append(block == 0 ? " at " : " ");
            text.append(
                    PageLayout.isMapped(position) ? position(position) : position == PageLayout.LOST ? "lost" : "-");
        }
        lines.accept(text.toString());
    }

    private static String position(int position) {
        return (position >>> 15) + ":" + (position & ~PageLayout.SECOND_SLOT);
    }

    private void end() {
        device.close();
        done.run();
    }
}
