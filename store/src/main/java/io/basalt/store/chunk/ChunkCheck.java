package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A check of a store that nobody has open: superblocks, log, pages, the map that recovery would come to, and
/// the checksum of every block. Writes nothing.
public final class ChunkCheck implements DeviceIo.Owner, ReplayLane.Listener, RecoveryParts.Refusal {
    /// Most findings kept; more are counted only.
    private static final int FINDINGS_MAX = 1000;

    /// What a check found.
    ///
    /// @param findings what is wrong, one sentence each; at most 1000
    /// @param findingCount how much is wrong
    /// @param shards shards found
    /// @param tombstones shards without content, of `shards`, whose versions are kept
    /// @param blocks blocks whose checksum was compared
    /// @param liveLogBlocks log blocks that recovery would look at
    public record Report(
            List<String> findings, long findingCount, int shards, int tombstones, long blocks, long liveLogBlocks) {
        public Report {
            findings = List.copyOf(findings);
        }

        /// Whether nothing is wrong.
        public boolean isClean() {
            return findingCount == 0;
        }
    }

    private enum Step {
        SUPERBLOCK,
        STRUCTURES,
        BLOCKS
    }

    private final Volume volume;
    private final OneShotDevice device;
    private final Consumer<Report> done;
    private final Memory memory = RecoveryParts.newMemory();
    private final Checksums checksums = new Checksums();
    private final DeviceIo[] ios = new DeviceIo[Geometry.RECORD_BLOCKS_MAX];
    private final int[] blocks = new int[Geometry.RECORD_BLOCKS_MAX];
    private final List<String> findings = new ArrayList<>();
    private Step step = Step.SUPERBLOCK;
    private int copy;
    private long findingCount;
    private @Nullable Geometry geometry;
    private @Nullable RecoveryParts parts;
    private @Nullable LogScan log;
    private @Nullable LiveRecords records;
    private @Nullable PageScan pages;
    private @Nullable ReplayLane lane;
    private int entry = -1;
    private int nextBlock;
    private int pending;
    private long compared;
    private boolean ended;

    private ChunkCheck(Volume volume, Reactor reactor, Consumer<Report> done) {
        this.volume = volume;
        this.done = done;
        device = new OneShotDevice(volume, reactor, Durability.PLP, memory);
        for (int i = 0; i < ios.length; i++) {
            ios[i] = new DeviceIo(device.device(), this, i, 1);
        }
    }

    /// Check a store.
    ///
    /// @param volume stays the caller's, and open until the report is there
    /// @param done told from a later poll of the reactor
    public static void run(Volume volume, Reactor reactor, Consumer<Report> done) {
        final ChunkCheck check = new ChunkCheck(volume, reactor, done);
        check.device.later(check::readSuperblock);
    }

    private void readSuperblock() {
        if (volume.sizeBytes() < Geometry.LOG_OFFSET) {
            refuse("superblock: the device has " + volume.sizeBytes() + " bytes and holds no chunk store");
            return;
        }
        device.device()
                .submit(ios[0].range(
                        false, Geometry.superblockOffset(copy), memory.table(), Memory.LOG_REGION, 0, BLOCK_BYTES));
    }

    @Override
    public void ioDone(DeviceIo io, BlockStatus status) {
        if (step == Step.SUPERBLOCK) {
            superblockRead(status);
            return;
        }
        compare(io.tag, status);
        pending--;
        if (pending == 0) {
            nextBlocks();
        }
    }

    private void superblockRead(BlockStatus status) {
        final MemorySegment block = memory.log().asSlice(0, BLOCK_BYTES);
        final String broken = status != BlockStatus.OK
                ? "reading failed with " + status
                : Superblock.violation(block, volume.sizeBytes());
        if (broken != null) {
            find("superblock copy " + copy + ": " + broken);
        } else if (geometry == null) {
            geometry = Superblock.decode(block);
        } else if (!geometry.equals(Superblock.decode(block))) {
            find("superblock copy 1: is not the same as copy 0");
        }
        copy++;
        if (copy < 2) {
            readSuperblock();
        } else if (geometry == null) {
            end();
        } else {
            step = Step.STRUCTURES;
            parts = new RecoveryParts(geometry, device.device(), memory, checksums, this);
            log = new LogScan(parts, this::logScanned);
            log.start();
        }
    }

    private RecoveryParts parts() {
        return Objects.requireNonNull(parts);
    }

    private LogScan log() {
        return Objects.requireNonNull(log);
    }

    private PageScan pages() {
        return Objects.requireNonNull(pages);
    }

    private LiveRecords records() {
        return Objects.requireNonNull(records);
    }

    private void logScanned() {
        records = new LiveRecords(log());
        pages = new PageScan(parts(), records(), log().entriesUsed(), this::pagesScanned);
        pages().start();
    }

    private void pagesScanned() {
        if (log().isIncomplete()) {
            find("log: shards are missing, and it is not known which");
        }
        if (pages().isIncomplete() && parts().toErase().isEmpty()) {
            find("pages: one has rotted that does not say of which shard it was");
        }
        parts().toErase().stream()
                .forEach(lost -> find("entry " + lost + ": the page is lost, and with it which shard" + " it was of"));
        lane = new ReplayLane(parts(), records(), log().mark(), 0, false, this);
        nextEntry();
    }

    /// Entries with records have not been settled by the scan: each goes through a lane, and so do the
    /// others, to see their page.
    private void nextEntry() {
        step = Step.STRUCTURES;
        entry++;
        while (entry < log().entriesUsed()
                && !records().has(entry)
                && (!parts().entries().isUsed(entry) || parts().entries().isDamaged(entry))) {
            if (parts().entries().isUsed(entry)) {
                find("entry " + entry + ": the page of " + shard(entry) + " is damaged");
            }
            entry++;
        }
        if (entry >= log().entriesUsed()) {
            end();
            return;
        }
        Objects.requireNonNull(lane).start(entry);
    }

    private String shard(int of) {
        return "shard " + parts().entries().partId(of) + "/" + parts().entries().shardIndex(of);
    }

    @Override
    public void laneDone(ReplayLane done) {
        if (done.damaged()) {
            find("entry " + entry + ": records of " + shard(entry) + " are lost, or its map is broken");
            nextEntry();
            return;
        }
        final MemorySegment pages = memory.staging();
        if (PageLayout.digest(pages, 0)
                != PageLayout.computeDigest(pages, 0, parts().geometry().shardBlocks())) {
            find("entry " + entry + ": the digest of " + shard(entry) + " does not match the versions of its blocks");
        }
        step = Step.BLOCKS;
        nextBlock = 0;
        nextBlocks();
    }

    private void nextBlocks() {
        final MemorySegment pages = memory.staging();
        int count = 0;
        while (nextBlock < parts().geometry().shardBlocks() && count < ios.length) {
            final int position = PageLayout.position(pages, 0, nextBlock);
            if (position == PageLayout.LOST) {
                find("entry " + entry + ": " + shard(entry) + " block " + nextBlock + " is lost");
            } else if (position != PageLayout.NO_POSITION) {
                final int slot = PageLayout.slot(pages, 0, position >>> 15);
                blocks[count] = nextBlock;
                ios[count].range(
                        false,
                        parts().geometry().blockOffset(slot, position & ~PageLayout.SECOND_SLOT),
                        memory.table(),
                        Memory.BOUNCE_REGION,
                        (long) count * BLOCK_BYTES,
                        BLOCK_BYTES);
                count++;
            }
            nextBlock++;
        }
        if (count == 0) {
            nextEntry();
            return;
        }
        pending = count;
        for (int i = 0; i < count; i++) {
            device.device().submit(ios[i]);
        }
    }

    private void compare(int place, BlockStatus status) {
        final MemorySegment pages = memory.staging();
        final int block = blocks[place];
        compared++;
        if (status != BlockStatus.OK) {
            find("entry " + entry + ": " + shard(entry) + " block " + block + ": reading failed with " + status);
            return;
        }
        final int plain = checksums.of(memory.table(), Memory.BOUNCE_REGION, (long) place * BLOCK_BYTES, BLOCK_BYTES);
        final int binding = Checksums.binding(
                PageLayout.partId(pages, 0),
                PageLayout.shardIndex(pages, 0),
                block,
                PageLayout.blockVersion(pages, 0, block));
        if ((plain ^ binding) != PageLayout.blockChecksum(pages, 0, block)) {
            find("entry " + entry + ": " + shard(entry) + " block " + block + ": checksum does not match");
        }
    }

    private void find(String finding) {
        findingCount++;
        if (findings.size() < FINDINGS_MAX) {
            findings.add(finding);
        }
    }

    @Override
    public void refuse(String reason) {
        find(reason);
        end();
    }

    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        device.close();
        done.accept(new Report(
                findings,
                findingCount,
                parts == null ? 0 : parts.entries().used(),
                parts == null ? 0 : parts.entries().tombstones(),
                compared,
                records == null ? 0 : records.blockCount()));
    }
}
