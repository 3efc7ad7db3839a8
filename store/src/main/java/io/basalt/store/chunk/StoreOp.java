package io.basalt.store.chunk;

import io.basalt.block.BlockStatus;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One piece of a request, or an operation of the store's own, on the blocks of one shard. Preallocated.
///
/// ```
///           order,                 bounce
///           page                   buffer
///   FREE ─▶ WAITING ─▶ RUNNABLE ◀▶ BOUNCE
///                         │   ◀──▶ READING ─────▶ FREE   (a read)
///                         ▼
///                       SPACE      positions, log room
///                         │
///                         ▼
///                      WRITING ─▶ NOTED ─▶ FREE
///                                 answered; recovery may still judge its record
/// ```
final class StoreOp implements DeviceIo.Owner {
    enum Kind {
        READ,
        /// Content from the request or the bounce buffer.
        WRITE,
        /// Zeros over part of a block.
        ZERO_PART,
        /// No content.
        CLEAR,
        VERSIONS,
        /// Forget the shard.
        DROP,
        /// The versions of a shard without content are not needed any more.
        UNKEEP,
        /// The store's own: content from one slot to the other.
        MOVE,
        /// The store's own: give back slots without content.
        RELEASE,
        /// The store's own: forget the shard if it is empty.
        FORGET,
        /// The store's own: what the shard held is lost, block by block, until it is written anew.
        LOSE
    }

    enum State {
        FREE,
        WAITING,
        RUNNABLE,
        BOUNCE,
        READING,
        SPACE,
        WRITING,
        NOTED
    }

    static final int NO_BOUNCE = -1;

    /// Most pieces of memory in one device operation.
    static final int ENTRY_COUNT_MAX = 16;

    private final ShardOperations operations;
    final int index;
    final DeviceIo[] ios;
    final int[] positions;
    final int[] checksums;
    final int[] oldPositions;

    Kind kind = Kind.READ;
    State state = State.FREE;

    @Nullable
    StoreRequest request;

    @Nullable
    Frame frame;

    /// Range: blocks, and bytes of the shard for what covers blocks in part.
    int firstBlock;

    int blockCount;
    int firstByte;
    int byteCount;

    /// First byte of the range in the request's data.
    int dataOffset;

    long version;
    int bounce = NO_BOUNCE;
    boolean edgesRead;
    boolean contentMade;

    /// Device operations and log block that are not finished.
    int parts;

    StoreStatus status = StoreStatus.OK;
    int failedBlock = StoreRequest.NO_BLOCK;
    long lsn;
    long sequence;

    /// Slots that this operation gives back once it is covered.
    int releasedSlot0 = SlotPool.NONE;

    int releasedSlot1 = SlotPool.NONE;
    boolean releasesEntry;
    boolean keepVersions;

    /// The write failed after its record was noted.
    boolean aborted;

    int oldCount;

    @Nullable
    StoreOp previousInFrame;

    @Nullable
    StoreOp nextInFrame;

    /// Link of the one list that the operation is in: free, runnable, waiting for space.
    @Nullable
    StoreOp next;

    /// Link of the operations with records, in the order of the log.
    @Nullable
    StoreOp nextNoted;

    /// Links of the operations of one log block.
    @Nullable
    StoreOp nextInBlock;

    @Nullable
    StoreOp nextAborting;

    StoreOp(ShardOperations operations, Device device, int index, Geometry geometry) {
        this.operations = operations;
        this.index = index;
        final int blocks = geometry.recordBlocksMax();
        ios = new DeviceIo[blocks];
        for (int i = 0; i < blocks; i++) {
            ios[i] = new DeviceIo(device, this, i, ENTRY_COUNT_MAX);
        }
        positions = new int[blocks];
        checksums = new int[blocks];
        oldPositions = new int[geometry.shardBlocks()];
    }

    void start(Kind newKind, Frame newFrame, int newFirstBlock, int newBlockCount) {
        kind = newKind;
        frame = newFrame;
        firstBlock = newFirstBlock;
        blockCount = newBlockCount;
        bounce = NO_BOUNCE;
        edgesRead = false;
        contentMade = false;
        parts = 0;
        status = StoreStatus.OK;
        failedBlock = StoreRequest.NO_BLOCK;
        lsn = 0;
        sequence = 0;
        version = 0;
        releasedSlot0 = SlotPool.NONE;
        releasedSlot1 = SlotPool.NONE;
        releasesEntry = false;
        keepVersions = false;
        aborted = false;
        oldCount = 0;
    }

    Frame page() {
        return Objects.requireNonNull(frame);
    }

    boolean excludes() {
        return kind != Kind.READ && kind != Kind.VERSIONS;
    }

    /// Whether a later operation may not start before this one has ended.
    boolean conflicts(StoreOp later) {
        return (excludes() || later.excludes())
                && firstBlock < later.firstBlock + later.blockCount
                && later.firstBlock < firstBlock + blockCount;
    }

    /// Note a failure; the first counts.
    void fail(StoreStatus newStatus, int block) {
        if (status == StoreStatus.OK) {
            status = newStatus;
            failedBlock = block;
        }
    }

    @Override
    public void ioDone(DeviceIo io, BlockStatus result) {
        operations.ioDone(this, result);
    }
}
