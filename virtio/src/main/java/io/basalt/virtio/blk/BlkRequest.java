package io.basalt.virtio.blk;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.linux.memory.HostMemory;
import io.basalt.virtio.memory.DirtyLog;
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
    /// Steps behind the one that is prepared: ranges, then perhaps a flush.
    private int stepsLeft;
    private int id;
    private int kind;
    private long startNs;
    private long byteCount;
    private long answerHostAddress;
    private long answerGuestAddress;
    private boolean writesData;
    /// Whether the last of the steps left is a flush. Looked at only while there are some.
    private boolean flushFollows;

    /// The next request in its pool's list of idle or of completed ones.
    @Nullable
    BlkRequest next;

    /// What it completed with.
    BlockStatus result = BlockStatus.OK;

    BlkRequest(Owner owner, BlkLimits limits) {
        // Two more than the driver may use: descriptors that cross from one memory region into the next are split.
        super(limits.segmentCountMax() + 2);
        this.owner = owner;
        rangeOffsets = new long[limits.rangeCountMax()];
        rangeLengths = new long[limits.rangeCountMax()];
        rangeUnmaps = new boolean[limits.rangeCountMax()];
    }

    /// A new chain has been taken into this request. What it asks for comes next: [#askNothing()] or
    /// [#prepareTransfer].
    void begin(int chainId, long nowNs) {
        id = chainId;
        startNs = nowNs;
        times().clear();
    }

    /// Nothing is known of it yet, and if nothing becomes known it is answered as it is.
    void askNothing() {
        rangeCount = 0;
        stepsLeft = 0;
        byteCount = 0;
        writesData = false;
        kind = BlkQueueCounters.OTHER;
    }

    /// The status byte's place, in this process and in the guest. The memory stays as long as the request is
    /// under way.
    void answerAt(long hostAddress, long guestAddress) {
        answerHostAddress = hostAddress;
        answerGuestAddress = guestAddress;
    }

    void kind(int newKind) {
        kind = newKind;
    }

    /// One step: data in [#data()] moves.
    void prepareTransfer(BlockOperation operation, long offset, long length) {
        prepare(operation, offset, length, false);
        stepsLeft = 0;
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

    /// Make the first range the step to do, and the others those behind it.
    ///
    /// @return false if there are no ranges
    boolean prepareRanges(BlockOperation operation) {
        if (rangeCount == 0) {
            return false;
        }
        stepsLeft = rangeCount - 1;
        flushFollows = false;
        prepareRange(operation, 0);
        return true;
    }

    private void prepareRange(BlockOperation operation, int range) {
        prepare(operation, rangeOffsets[range], rangeLengths[range], rangeUnmaps[range]);
    }

    /// The data must be durable when this request is answered, if it is one that stores data.
    void followWithFlush() {
        if (operation() == BlockOperation.WRITE || operation() == BlockOperation.WRITE_ZEROES) {
            stepsLeft++;
            flushFollows = true;
        }
    }

    /// Make the next step the one to do, after the last one went well.
    ///
    /// @return false if that was the last one
    boolean prepareNext() {
        if (stepsLeft == 0) {
            return false;
        }
        stepsLeft--;
        if (stepsLeft == 0 && flushFollows) {
            flushFollows = false;
            prepareFlush();
        } else {
            prepareRange(operation(), rangeCount - stepsLeft - (flushFollows ? 0 : 1));
        }
        return true;
    }

    @Override
    public void completed(BlockStatus status) {
        owner.completed(this, status);
    }

    /// What the driver is told of a step's result.
    static int statusOf(BlockStatus status) {
        return switch (status) {
            case OK -> BlkSpec.VIRTIO_BLK_S_OK;
            case UNSUPPORTED -> BlkSpec.VIRTIO_BLK_S_UNSUPP;
            case IO_ERROR, OUT_OF_RANGE, READ_ONLY, NO_SPACE, PENDING -> BlkSpec.VIRTIO_BLK_S_IOERR;
        };
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
    void answer(int status) {
        HostMemory.store8(answerHostAddress, 0, status);
    }

    /// Guest physical address of the status byte.
    long answerAddress() {
        return answerGuestAddress;
    }

    /// Mark what was written, or may have been if the request failed: before the driver can see the answer.
    void mark(DirtyLog dirty, GuestMemory memory) {
        if (writesData) {
            final IoVector data = data();
            for (int entry = 0; entry < data.count(); entry++) {
                dirty.mark(memory.guestAddress(data.region(entry)) + data.offset(entry), data.length(entry));
            }
        }
        dirty.mark(answerGuestAddress, 1);
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
