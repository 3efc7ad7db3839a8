package io.basalt.virtio.blk;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.virtio.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// One virtio-blk request on its way: what the driver asked, as one or more block requests in a row.
///
/// Most requests are a single step. A discard or write zeroes request has one step for each of its ranges, and a
/// write to a disk without write cache is followed by a flush. Between two steps it is back at its owner.
///
/// Preallocated by its queue and filled by [BlkRequestParser]; owned by the queue's reactor.
final class BlkRequest extends BlockRequest {
    /// Where requests go when the volume is done with a step.
    @FunctionalInterface
    interface Owner {
        /// The volume answered later what it had answered [BlockStatus#PENDING] for.
        void completed(BlkRequest request, BlockStatus status);
    }

    private final Owner owner;
    private final long[] rangeOffsets;
    private final long[] rangeLengths;
    private final boolean[] rangeUnmaps;
    private int rangeCount;
    private int nextRange;
    private int id;
    private int kind;
    private long startNs;
    private long byteCount;
    private int answerRegion;
    private long answerOffset;
    private boolean writesData;
    private boolean flushFollows;

    /// The next request in its owner's list of completed ones, and what it completed with.
    @Nullable
    BlkRequest nextCompleted;

    BlockStatus result = BlockStatus.OK;

    BlkRequest(Owner owner, BlkLimits limits) {
        // Two more than the driver may use: descriptors that cross from one memory region into the next are split.
        super(limits.segmentCountMax() + 2);
        this.owner = owner;
        rangeOffsets = new long[limits.rangeCountMax()];
        rangeLengths = new long[limits.rangeCountMax()];
        rangeUnmaps = new boolean[limits.rangeCountMax()];
    }

    /// A new chain has been taken into this request.
    void begin(int chainId, long nowNs) {
        id = chainId;
        startNs = nowNs;
        rangeCount = 0;
        nextRange = 0;
        byteCount = 0;
        writesData = false;
        flushFollows = false;
        kind = BlkQueueCounters.OTHER;
    }

    /// The status byte's place.
    void answerAt(int region, long offset) {
        answerRegion = region;
        answerOffset = offset;
    }

    void kind(int newKind) {
        kind = newKind;
    }

    /// One step: data in [#data()] moves.
    void prepareTransfer(BlockOperation operation, long offset, long length) {
        prepare(operation, offset, length, false);
        byteCount = length;
        writesData = operation == BlockOperation.READ;
    }

    /// One step: a flush.
    void prepareFlush() {
        prepare(BlockOperation.FLUSH, 0, 0, false);
    }

    /// No step: the disk's id goes to [#data()], which holds at most its 20 bytes.
    void prepareId() {
        byteCount = data().byteCount();
        writesData = true;
    }

    /// One step more, of a request that is made of ranges. Never more than the limits allow.
    void addRange(long offset, long length, boolean mayUnmap) {
        rangeOffsets[rangeCount] = offset;
        rangeLengths[rangeCount] = length;
        rangeUnmaps[rangeCount] = mayUnmap;
        rangeCount++;
        byteCount += length;
    }

    /// Make the first range the step to do.
    ///
    /// @return false if there are no ranges
    boolean prepareRanges(BlockOperation operation) {
        return prepareNextRange(operation);
    }

    private boolean prepareNextRange(BlockOperation operation) {
        if (nextRange == rangeCount) {
            return false;
        }
        final int range = nextRange++;
        prepare(operation, rangeOffsets[range], rangeLengths[range], rangeUnmaps[range]);
        return true;
    }

    /// The data must be durable when this request is answered, if it is one that stores data.
    void followWithFlush() {
        flushFollows = operation() == BlockOperation.WRITE || operation() == BlockOperation.WRITE_ZEROES;
    }

    /// Make the next step the one to do, after the last one went well.
    ///
    /// @return false if that was the last one
    boolean prepareNext() {
        if (prepareNextRange(operation())) {
            return true;
        }
        if (flushFollows) {
            flushFollows = false;
            prepareFlush();
            return true;
        }
        return false;
    }

    @Override
    public void completed(BlockStatus status) {
        owner.completed(this, status);
    }

    /// Chain to answer.
    int id() {
        return id;
    }

    /// Index of its [BlkQueueCounters.Kind].
    int kind() {
        return kind;
    }

    /// When the chain was taken, in nanoseconds of the reactor's clock.
    long startNs() {
        return startNs;
    }

    /// Bytes that it moves, or that its ranges cover.
    long byteCount() {
        return byteCount;
    }

    /// Whether the device writes to [#data()]; it may have done so in part when the request failed.
    boolean writesData() {
        return writesData;
    }

    /// What the used element reports: bytes written from the start of the writable buffers on, and the status byte.
    int writtenLength(int status) {
        return writesData && status == BlkSpec.VIRTIO_BLK_S_OK ? (int) byteCount + 1 : 1;
    }

    /// Store the status byte.
    void answer(GuestMemory memory, int status) {
        memory.segment(answerRegion).set(ValueLayout.JAVA_BYTE, answerOffset, (byte) status);
    }

    /// Guest physical address of the status byte.
    long answerAddress(GuestMemory memory) {
        return memory.guestAddress(answerRegion) + answerOffset;
    }

    /// Store the disk's id into [#data()].
    void answerId(BlkDevice device) {
        final IoVector data = data();
        int at = 0;
        for (int entry = 0; entry < data.count(); entry++) {
            final MemorySegment segment = data.segment(entry);
            final long offset = data.offset(entry);
            for (int i = 0; i < data.length(entry); i++) {
                segment.set(ValueLayout.JAVA_BYTE, offset + i, device.idByte(at++));
            }
        }
    }
}
