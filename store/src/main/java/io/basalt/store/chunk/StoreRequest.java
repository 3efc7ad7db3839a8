package io.basalt.store.chunk;

import io.basalt.block.IoVector;
import org.jspecify.annotations.Nullable;

/// One request to a [ChunkStore]. Preallocated by the caller, who fills it with one of the `ask` methods
/// and gets it back through [#completed]. Between the two it belongs to the store; the data's memory does,
/// too.
///
/// **Blocks and checksums.** For a read, and for a write whose caller knows them, the plain CRC32C of each
/// 4096-byte
/// block that the range covers as a whole is carried along, so that no layer computes it twice. Blocks are
/// counted from the one that holds the range's first byte.
public abstract class StoreRequest {
    /// Bytes of a block.
    public static final int BLOCK_BYTES = 4096;

    /// Bytes of a sector: offsets and lengths are multiples of it.
    public static final int SECTOR_BYTES = 512;

    /// Most bytes of a write of whole blocks that take effect all or not at all, if a slot has that many
    /// spares. A longer write, or one that touches more blocks, takes effect in several such pieces.
    public static final int ATOMIC_BYTES_MAX = 64 << 10;

    /// What [#failedBlock()] says when no block is at fault.
    public static final int NO_BLOCK = -1;

    /// What [#blockVersion] says of a block whose content is lost together with the shard's map: lower than
    /// every version, and another one than that of a block that was never written.
    public static final long VERSION_LOST = -1;

    private final IoVector data;
    private final int[] checksums;
    private final long[] versions;
    private StoreOperation operation = StoreOperation.READ;
    private long partId;
    private int shardIndex;
    private int offset;
    private int length;
    private long version;
    private boolean keepVersions;
    private boolean checksumsKnown;

    // The store's own notes, from submission to completion.

    @Nullable
    StoreRequest next;

    int started;
    int piecesUnderWay;
    StoreStatus status = StoreStatus.OK;
    int failedBlock = NO_BLOCK;
    long flushNumber;

    /// @param dataCapacity most scatter-gather entries
    /// @param blockCapacity most blocks that a request may touch: 17 for 64 KiB at any offset, 256 for a shard
    protected StoreRequest(int dataCapacity, int blockCapacity) {
        data = new IoVector(dataCapacity);
        checksums = new int[blockCapacity];
        versions = new long[blockCapacity];
    }

    /// Asks for a range's content. The data vector is filled apart, before submission.
    ///
    /// @param newPartId 1 and up
    /// @param newShardIndex 0 and up
    /// @param newOffset first byte in the shard, a multiple of 512
    /// @param newLength bytes, a multiple of 512, positive
    public final void askRead(long newPartId, int newShardIndex, int newOffset, int newLength) {
        ask(StoreOperation.READ, newPartId, newShardIndex, newOffset, newLength, 0);
    }

    /// Asks to store the data vector.
    ///
    /// @param newVersion version of this write, 1 and up: noted with every block it touches
    public final void askWrite(long newPartId, int newShardIndex, int newOffset, int newLength, long newVersion) {
        ask(StoreOperation.WRITE, newPartId, newShardIndex, newOffset, newLength, newVersion);
    }

    /// Asks to free a range. A shard that the store does not know stays unknown: there is nothing to free.
    ///
    /// @param keep whether the shard stays known, with its versions, when its last block is gone: as a
    ///     *tombstone*,
    ///     which takes a metadata page and no slot, until it is written to, or [#askForget] or [#askDrop]
    ///     ends it;
    ///     without it the store forgets an empty shard
    public final void askDiscard(
            long newPartId, int newShardIndex, int newOffset, int newLength, long newVersion, boolean keep) {
        ask(StoreOperation.DISCARD, newPartId, newShardIndex, newOffset, newLength, newVersion);
        keepVersions = keep;
    }

    /// Asks that a range read as zeros; see [#askDiscard].
    public final void askWriteZeroes(
            long newPartId, int newShardIndex, int newOffset, int newLength, long newVersion, boolean keep) {
        ask(StoreOperation.WRITE_ZEROES, newPartId, newShardIndex, newOffset, newLength, newVersion);
        keepVersions = keep;
    }

    /// Asks for the versions of the blocks of a range; the answer is in [#blockVersion(int)].
    ///
    /// @param newOffset a multiple of 4096
    /// @param newLength a multiple of 4096
    public final void askVersions(long newPartId, int newShardIndex, int newOffset, int newLength) {
        ask(StoreOperation.VERSIONS, newPartId, newShardIndex, newOffset, newLength, 0);
    }

    /// Asks to forget a shard altogether, also one whose metadata is damaged.
    public final void askDrop(long newPartId, int newShardIndex) {
        ask(StoreOperation.DROP, newPartId, newShardIndex, 0, 0, 0);
    }

    /// Asks to forget a tombstone: a shard without content. Nothing happens, and that is OK, if the shard has
    /// content, or its highest version is another, or it is not known.
    ///
    /// @param newVersion what [ChunkStore#visitShards] said
    public final void askForget(long newPartId, int newShardIndex, long newVersion) {
        ask(StoreOperation.FORGET, newPartId, newShardIndex, 0, 0, newVersion);
    }

    /// Asks that everything completed so far be durable.
    public final void askFlush() {
        ask(StoreOperation.FLUSH, 0, 0, 0, 0, 0);
    }

    private void ask(
            StoreOperation newOperation,
            long newPartId,
            int newShardIndex,
            int newOffset,
            int newLength,
            long newVersion) {
        operation = newOperation;
        partId = newPartId;
        shardIndex = newShardIndex;
        offset = newOffset;
        length = newLength;
        version = newVersion;
        keepVersions = false;
        checksumsKnown = false;
    }

    /// What is asked.
    public final StoreOperation operation() {
        return operation;
    }

    /// The part that the shard belongs to.
    public final long partId() {
        return partId;
    }

    /// The shard's number in its part.
    public final int shardIndex() {
        return shardIndex;
    }

    /// First byte in the shard.
    public final int offset() {
        return offset;
    }

    /// Bytes of the range.
    public final int length() {
        return length;
    }

    /// Version of the change.
    public final long version() {
        return version;
    }

    /// Whether the shard's versions are kept when it becomes empty.
    public final boolean keepVersions() {
        return keepVersions;
    }

    /// Where the data is to be read from or written to. Its byte count equals [#length()] for reads and writes.
    public final IoVector data() {
        return data;
    }

    /// Says for a write that [#blockChecksum(int, int)] was called for every whole block of the range: the
    /// store takes them for granted and finds a difference when it reads.
    public final void checksumsKnown(boolean known) {
        checksumsKnown = known;
    }

    /// Whether the caller gave the checksums.
    public final boolean checksumsKnown() {
        return checksumsKnown;
    }

    /// Sets the plain CRC32C of a whole block of the range.
    public final void blockChecksum(int block, int crc32c) {
        checksums[block] = crc32c;
    }

    /// Plain CRC32C of a whole block of the range: given for a write, found by a read. Not set for a block
    /// that the range covers in part.
    public final int blockChecksum(int block) {
        return checksums[block];
    }

    /// Version of a block, after a read or [StoreOperation#VERSIONS]; 0 for one never written,
    /// [#VERSION_LOST] for one that is lost.
    public final long blockVersion(int block) {
        return versions[block];
    }

    final void blockVersion(int block, long found) {
        versions[block] = found;
    }

    final int blockCapacity() {
        return versions.length;
    }

    /// After [StoreStatus#CORRUPT]: the first block at fault that was found, counted from the start of the
    /// shard; else [#NO_BLOCK].
    public final int failedBlock() {
        return failedBlock;
    }

    /// The store is done with the request. Called exactly once, from a poll of the store's reactor, never
    /// from inside [ChunkStore#submit].
    public abstract void completed(StoreStatus result);
}
