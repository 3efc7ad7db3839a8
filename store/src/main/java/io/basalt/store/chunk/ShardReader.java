package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The shards of a store that nobody has open, as recovery would find them: which there are, and each with
/// its content when it is asked for, every checksum compared. Writes nothing.
///
/// ```
///  open ──▶ superblocks ──▶ log ──▶ pages ──▶ records ──▶ opened ──▶ idle ◀──▶ read
///                any step ──▶ failed
/// ```
///
/// One owner reactor. Holds a slot's content twice (two slots may hold one shard), 2 to 4 MiB.
public final class ShardReader implements DeviceIo.Owner, ReplayLane.Listener, RecoveryParts.Refusal {
    /// Most blocks of one read.
    private static final int RUN_BLOCKS = 64;

    private static final int READS_AT_ONCE = 16;
    private static final int SHARD_BLOCKS_MAX = 256;

    /// Who is told how far the reader is, from a later poll of the reactor than the call that led to it.
    public interface Listener {
        /// What the device holds is known: shards may be read.
        void opened();

        /// The shard that was asked for is there to be looked at, until the next one is asked for.
        void shardRead();

        /// The device cannot be read. Nothing more is told.
        void failed(String reason);
    }

    /// What a copy has of a block.
    public enum BlockState {
        /// Nothing: it reads as zeros.
        NONE,
        /// Content that matches its checksum.
        GOOD,
        /// Content that does not match its checksum.
        CORRUPT,
        /// Content that the device does not give.
        UNREADABLE
    }

    private enum Step {
        SUPERBLOCK,
        OTHERS,
        BLOCKS,
        ENDED
    }

    private final Volume volume;
    private final Listener listener;
    private final OneShotDevice device;
    private final Memory memory = RecoveryParts.newMemory();
    private final Checksums checksums = new Checksums();
    private final DeviceIo[] ios = new DeviceIo[READS_AT_ONCE];
    private final int[] runs = new int[READS_AT_ONCE];
    private final List<String> findings = new ArrayList<>();
    private final BitSet wanted = new BitSet();
    private final BitSet unreadable = new BitSet();
    private final ArrayDeque<Integer> single = new ArrayDeque<>();
    private Step step = Step.SUPERBLOCK;
    private int copy;
    private @Nullable Geometry geometry;
    private @Nullable RecoveryParts parts;
    private @Nullable LogScan log;
    private @Nullable LiveRecords records;
    private @Nullable ReplayLane lane;
    private RegionTable content = RegionTable.EMPTY;
    private long pageGeneration;
    private boolean opened;
    private int next;
    private int pending;

    // The shard that was read last.

    private final BlockState[] states = new BlockState[SHARD_BLOCKS_MAX];
    private final long[] versions = new long[SHARD_BLOCKS_MAX];
    private final int[] places = new int[SHARD_BLOCKS_MAX];
    private int entry;
    private long version;
    private boolean damaged;

    private ShardReader(Volume volume, Reactor reactor, Listener listener) {
        this.volume = volume;
        this.listener = listener;
        device = new OneShotDevice(volume, reactor, Durability.PLP, memory);
        for (int i = 0; i < ios.length; i++) {
            ios[i] = new DeviceIo(device.device(), this, i, 1);
        }
    }

    /// Begin to look at a store.
    ///
    /// @param volume stays the caller's, and open until [#close]
    /// @return the reader, which must be closed
    public static ShardReader open(Volume volume, Reactor reactor, Listener listener) {
        final ShardReader reader = new ShardReader(volume, reactor, listener);
        reader.device.later(reader::readSuperblock);
        return reader;
    }

    /// What was found wrong besides shards, one sentence each.
    public List<String> findings() {
        return List.copyOf(findings);
    }

    /// Identity of the device.
    public UUID deviceId() {
        return new UUID(geometry().deviceIdHigh(), geometry().deviceIdLow());
    }

    /// Identity of the store, high half.
    public long storeIdHigh() {
        return geometry().storeIdHigh();
    }

    /// Identity of the store, low half.
    public long storeIdLow() {
        return geometry().storeIdLow();
    }

    /// Bytes of the store's largest shard.
    public int shardBytes() {
        return geometry().shardBytes();
    }

    /// Log blocks that recovery would look at.
    public long liveLogBlocks() {
        return Objects.requireNonNull(records).blockCount();
    }

    /// Tell about every shard, in no particular order.
    public void forEachShard(ShardVisitor visitor) {
        final EntryTable entries = parts().entries();
        for (int each = 0; each < log().entriesUsed(); each++) {
            if (entries.isUsed(each)) {
                visitor.shard(
                        entries.partId(each),
                        entries.shardIndex(each),
                        entries.version(each),
                        entries.mapped(each) == 0);
            }
        }
    }

    /// How many shards there are, empty ones included.
    public int shards() {
        return parts().entries().used();
    }

    /// Bytes of content of all shards.
    public long mappedBytes() {
        return parts().entries().mappedTotal() * BLOCK_BYTES;
    }

    /// Ask for a shard that [#forEachShard] has told of. The one before is read to its end.
    public void read(long partId, int shardIndex) {
        entry = parts().entries().find(partId, shardIndex);
        if (entry == EntryTable.NONE) {
            throw new IllegalArgumentException("no shard " + partId + "/" + shardIndex);
        }
        Objects.requireNonNull(lane).start(entry);
    }

    /// Highest version of any completed change of the shard.
    public long version() {
        return version;
    }

    /// Whether records of the shard are lost, so that what it holds means nothing.
    public boolean isDamaged() {
        return damaged;
    }

    /// Blocks of a shard.
    public int blocks() {
        return geometry().shardBlocks();
    }

    /// What the copy has of a block.
    public BlockState state(int block) {
        return states[block];
    }

    /// Version of a block; 0 for one never written.
    public long blockVersion(int block) {
        return versions[block];
    }

    /// The memory that holds the shard's content; see [#offset].
    public MemorySegment content() {
        return content.segment(0);
    }

    /// Where in [#content()] a block's 4096 bytes are; of a block that has any.
    public long offset(int block) {
        return (long) places[block] * BLOCK_BYTES;
    }

    /// Let go of the device. Nothing is told any more. Not while a read is under way.
    public void close() {
        step = Step.ENDED;
        if (content.count() > 0) {
            device.device().releaseMemory(content);
        }
        device.close();
    }

    private Geometry geometry() {
        return Objects.requireNonNull(geometry, "not opened");
    }

    private RecoveryParts parts() {
        return Objects.requireNonNull(parts, "not opened");
    }

    private LogScan log() {
        return Objects.requireNonNull(log, "not opened");
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

    private void superblockRead(BlockStatus status) {
        final MemorySegment block = memory.log().asSlice(0, BLOCK_BYTES);
        final String broken = status != BlockStatus.OK
                ? "reading failed with " + status
                : Superblock.violation(block, volume.sizeBytes());
        if (broken != null) {
            findings.add("superblock copy " + copy + ": " + broken);
        } else if (geometry == null) {
            geometry = Superblock.decode(block);
        } else if (!geometry.equals(Superblock.decode(block))) {
            findings.add("superblock copy 1: is not the same as copy 0");
        }
        copy++;
        if (copy < 2) {
            readSuperblock();
        } else if (geometry == null) {
            refuse(String.join("; ", findings));
        } else {
            step = Step.OTHERS;
            content = new RegionTable(
                    List.of(Arena.ofAuto().allocate(2L * geometry.slotBlocks() * BLOCK_BYTES, BLOCK_BYTES)));
            device.device().useMemory(content);
            parts = new RecoveryParts(geometry, device.device(), memory, checksums, this);
            log = new LogScan(parts, this::logScanned);
            log.start();
        }
    }

    private void logScanned() {
        records = new LiveRecords(log());
        new PageScan(parts(), records, log().entriesUsed(), this::pagesScanned).start();
    }

    private void pagesScanned() {
        if (step == Step.ENDED) {
            return;
        }
        lane = new ReplayLane(parts(), Objects.requireNonNull(records), log().mark(), 0, false, this);
        nextRecords();
    }

    /// Entries with records are not settled by the scan: each goes through the lane once, to see whose it is.
    private void nextRecords() {
        entry = Objects.requireNonNull(records).takeEntry();
        if (entry < 0) {
            opened = true;
            listener.opened();
            return;
        }
        pageGeneration = parts().entries().generation(entry);
        Objects.requireNonNull(lane).start(entry);
    }

    @Override
    public void laneDone(ReplayLane done) {
        if (step == Step.ENDED) {
            return;
        }
        if (!opened) {
            // The page that the lane has made is not written: a later read begins with the same one again.
            parts().entries().generation(entry, pageGeneration);
            device.later(this::nextRecords);
            return;
        }
        final MemorySegment pages = memory.staging();
        final long page = done.page();
        version = PageLayout.version(pages, page);
        damaged = done.damaged() || parts().entries().isDamaged(entry);
        wanted.clear();
        unreadable.clear();
        for (int block = 0; block < blocks(); block++) {
            final int position = PageLayout.position(pages, page, block);
            versions[block] = PageLayout.blockVersion(pages, page, block);
            if (!PageLayout.isMapped(position)) {
                states[block] = position == PageLayout.LOST ? BlockState.UNREADABLE : BlockState.NONE;
                places[block] = -1;
            } else {
                states[block] = BlockState.GOOD;
                places[block] = (position >>> 15) * geometry().slotBlocks() + (position & ~PageLayout.SECOND_SLOT);
                wanted.set(places[block]);
            }
        }
        next = 0;
        step = Step.BLOCKS;
        if (!readMore()) {
            device.later(listener::shardRead);
        }
    }

    /// Ask for what is wanted, runs of adjacent places at once.
    ///
    /// @return whether anything is under way
    private boolean readMore() {
        for (int i = 0; i < ios.length; i++) {
            if (runs[i] == 0) {
                final Integer again = single.poll();
                if (again != null) {
                    submit(i, again, 1);
                } else {
                    final int first = wanted.nextSetBit(next);
                    if (first < 0) {
                        break;
                    }
                    final int slotEnd =
                            first < geometry().slotBlocks() ? geometry().slotBlocks() : Integer.MAX_VALUE;
                    next = Math.min(Math.min(wanted.nextClearBit(first), slotEnd), first + RUN_BLOCKS);
                    submit(i, first, next - first);
                }
            }
        }
        return pending > 0;
    }

    private void submit(int io, int first, int count) {
        runs[io] = first << 8 | count;
        pending++;
        final int slotBlocks = geometry().slotBlocks();
        final int slot =
                PageLayout.slot(memory.staging(), Objects.requireNonNull(lane).page(), first / slotBlocks);
        device.device()
                .submit(ios[io].range(
                        false,
                        geometry().blockOffset(slot, first % slotBlocks),
                        content,
                        0,
                        (long) first * BLOCK_BYTES,
                        count * BLOCK_BYTES));
    }

    @Override
    public void ioDone(DeviceIo io, BlockStatus status) {
        if (step == Step.SUPERBLOCK) {
            superblockRead(status);
            return;
        }
        final int first = runs[io.tag] >>> 8;
        final int count = runs[io.tag] & 0xff;
        runs[io.tag] = 0;
        pending--;
        if (status != BlockStatus.OK && count == 1) {
            unreadable.set(first);
        } else if (status != BlockStatus.OK) {
            // One bad place must not hide its neighbours.
            for (int i = 0; i < count; i++) {
                single.add(first + i);
            }
        }
        if (!readMore()) {
            verify();
            step = Step.OTHERS;
            listener.shardRead();
        }
    }

    private void verify() {
        final MemorySegment pages = memory.staging();
        final long page = Objects.requireNonNull(lane).page();
        final long partId = PageLayout.partId(pages, page);
        final int shardIndex = PageLayout.shardIndex(pages, page);
        for (int block = 0; block < blocks(); block++) {
            if (places[block] >= 0) {
                final int binding = Checksums.binding(partId, shardIndex, block, versions[block]);
                if (unreadable.get(places[block])) {
                    states[block] = BlockState.UNREADABLE;
                } else if ((checksums.of(content, 0, offset(block), BLOCK_BYTES) ^ binding)
                        != PageLayout.blockChecksum(pages, page, block)) {
                    states[block] = BlockState.CORRUPT;
                }
            }
        }
    }

    @Override
    public void refuse(String reason) {
        if (step != Step.ENDED) {
            step = Step.ENDED;
            device.later(() -> tellFailed(reason));
        }
    }

    /// A scan may go on for a while after it has refused: only then can the device be let go.
    private void tellFailed(String reason) {
        if (device.device().inFlight() > 0) {
            device.later(() -> tellFailed(reason));
        } else {
            listener.failed(reason);
        }
    }
}
