package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;
import static io.basalt.store.chunk.StoreRequest.SECTOR_BYTES;

import io.basalt.store.chunk.StoreCounters.Counter;
import io.basalt.store.chunk.StoreOp.Kind;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Callers' requests: checked, cut into pieces in the order of submission, put together again and answered.
/// One owner reactor.
///
/// A read or write is cut into pieces of as many blocks as one log record may place. Zeroing is cut into the
/// whole blocks, which lose their content, and what is left of a block at either end, which is overwritten
/// with zeros.
final class Requests implements ShardOperations.Listener {
    /// Answers given in one go, so that callers who ask again at once do not hold up the reactor.
    private static final int ANSWERS_MAX = 256;

    private static final class Fifo {
        @Nullable
        StoreRequest first;

        @Nullable
        StoreRequest last;

        void add(StoreRequest request) {
            request.next = null;
            if (last == null) {
                first = request;
            } else {
                last.next = request;
            }
            last = request;
        }

        @Nullable
        StoreRequest take() {
            final StoreRequest request = first;
            if (request != null) {
                first = request.next;
                request.next = null;
                if (first == null) {
                    last = null;
                }
            }
            return request;
        }
    }

    private final StoreParts parts;
    private final Fifo submitted = new Fifo();
    private final Fifo finished = new Fifo();
    private final Fifo flushing = new Fifo();
    private int inFlight;

    Requests(StoreParts parts) {
        this.parts = parts;
    }

    int inFlight() {
        return inFlight;
    }

    /// Whether requests wait for an operation, a page's place or an entry.
    boolean waits() {
        return submitted.first != null;
    }

    boolean hasAnswers() {
        return finished.first != null;
    }

    void submit(StoreRequest request) {
        inFlight++;
        request.started = 0;
        request.piecesUnderWay = 0;
        request.status = StoreStatus.OK;
        request.failedBlock = StoreRequest.NO_BLOCK;
        if (request.operation() == StoreOperation.FLUSH) {
            flush(request);
        } else if (isBad(request)) {
            finish(request, StoreStatus.BAD_REQUEST);
        } else {
            if (request.operation() == StoreOperation.WRITE) {
                parts.counters.add(Counter.USER_BYTES_WRITTEN, request.length());
            }
            submitted.add(request);
        }
    }

    private boolean isBad(StoreRequest request) {
        final StoreOperation operation = request.operation();
        if (request.partId() < 1 || request.shardIndex() < 0) {
            return true;
        }
        if (isOfWholeShard(operation)) {
            return operation == StoreOperation.FORGET && request.version() == 0;
        }
        final int offset = request.offset();
        final int length = request.length();
        final int unit = operation == StoreOperation.VERSIONS ? BLOCK_BYTES : SECTOR_BYTES;
        if (((offset | length) & unit - 1) != 0
                || offset < 0
                || length <= 0
                || length > parts.geometry.shardBytes() - offset) {
            return true;
        }
        if (operation.changes()) {
            return request.version() == 0 || (operation == StoreOperation.WRITE && hasBadData(request));
        }
        return (operation == StoreOperation.READ && hasBadData(request)) || blocks(request) > request.blockCapacity();
    }

    /// Whether a request is about the shard itself, and names no range.
    private static boolean isOfWholeShard(StoreOperation operation) {
        return operation == StoreOperation.DROP || operation == StoreOperation.FORGET;
    }

    private static boolean hasBadData(StoreRequest request) {
        return request.data().byteCount() != request.length()
                || (request.checksumsKnown() && blocks(request) > request.blockCapacity());
    }

    private static int blocks(StoreRequest request) {
        return (request.offset() + request.length() + BLOCK_BYTES - 1) / BLOCK_BYTES - request.offset() / BLOCK_BYTES;
    }

    private void flush(StoreRequest request) {
        if (!parts.byFlush()) {
            finish(request, parts.failed() ? StoreStatus.FAILED : StoreStatus.OK);
            return;
        }
        request.flushNumber = parts.flusher().request();
        flushing.add(request);
    }

    /// Answer the flushes that have ended.
    ///
    /// @param last number of the flush that has
    void flushed(long last, boolean good) {
        while (flushing.first != null && flushing.first.flushNumber <= last) {
            final StoreRequest request = Objects.requireNonNull(flushing.take());
            finish(request, good ? StoreStatus.OK : StoreStatus.IO_ERROR);
        }
    }

    /// Start what can be started, in order.
    ///
    /// @return pieces started
    int pump() {
        int started = 0;
        while (true) {
            final StoreRequest request = submitted.first;
            if (request == null) {
                return started;
            }
            if (!startPiece(request)) {
                return started;
            }
            started++;
            if (request.started == end(request)) {
                submitted.take();
                request.started = -1;
                if (request.piecesUnderWay == 0) {
                    finish(request, request.status);
                }
            }
        }
    }

    /// What [StoreRequest#started] is when all pieces are.
    private static int end(StoreRequest request) {
        return isOfWholeShard(request.operation()) ? 1 : request.length();
    }

    /// Start the next piece.
    ///
    /// @return false if it must wait
    private boolean startPiece(StoreRequest request) {
        if (parts.failed() && request.operation().changes()) {
            request.started = end(request);
            request.status = StoreStatus.FAILED;
            return true;
        }
        int entry = parts.entries.find(request.partId(), request.shardIndex());
        if (entry == EntryTable.NONE && !makesKnown(request.operation())) {
            answerAbsent(request);
            return true;
        }
        if (!parts.operations().hasFreeOp()) {
            return false;
        }
        if (!parts.operations().hasOwnOp() && mayHaveToLose(entry)) {
            return false;
        }
        final @Nullable Frame frame;
        final boolean isNew = entry == EntryTable.NONE;
        if (isNew) {
            if (!parts.cache.hasRoom()) {
                return mayWaitForFrame(request);
            }
            entry = parts.entries.claim(request.partId(), request.shardIndex());
            if (entry == EntryTable.NONE) {
                return mayWaitForEntry(request);
            }
            frame = parts.cache.acquireNew(entry);
            Objects.requireNonNull(frame).forget = true;
        } else {
            frame = parts.cache.acquire(entry);
            if (frame == null) {
                return mayWaitForFrame(request);
            }
        }
        start(request, Objects.requireNonNull(frame), isNew);
        return true;
    }

    /// Whether a shard that is not known becomes known. To free what was never written needs no note, unless
    /// there may have been something.
    private boolean makesKnown(StoreOperation operation) {
        return operation == StoreOperation.WRITE
                || (parts.isIncomplete()
                        && (operation == StoreOperation.DISCARD || operation == StoreOperation.WRITE_ZEROES));
    }

    private boolean mayHaveToLose(int entry) {
        return entry == EntryTable.NONE ? parts.isIncomplete() : parts.entries.isDamaged(entry);
    }

    /// No page can leave the cache: fail the request if the store has failed and nothing is under way, for
    /// then none ever will.
    private boolean mayWaitForFrame(StoreRequest request) {
        if (!parts.failed() || !parts.operations().areAllFree() || parts.device.inFlight() > 0) {
            return false;
        }
        request.started = end(request);
        request.status = StoreStatus.FAILED;
        return true;
    }

    /// There is no entry: fail the request, unless one is on its way back.
    private boolean mayWaitForEntry(StoreRequest request) {
        if (parts.log().hasNoted()) {
            return false;
        }
        request.started = end(request);
        request.status = StoreStatus.NO_SPACE;
        return true;
    }

    /// Nothing is known of the shard: it reads as zeros, and there is nothing to free. If the store has lost
    /// some, and does not know which, this may be one of them.
    private void answerAbsent(StoreRequest request) {
        if (request.operation() == StoreOperation.READ && parts.isIncomplete()) {
            request.status = StoreStatus.CORRUPT;
            request.failedBlock = request.offset() / BLOCK_BYTES;
        } else if (request.operation() == StoreOperation.READ) {
            for (int at = request.started; at < request.length(); at += SECTOR_BYTES) {
                Memory.copy(request.data(), at, Memory.ZEROS, 0, SECTOR_BYTES, true);
            }
        }
        if (!request.operation().changes()) {
            for (int i = 0; i < blocks(request); i++) {
                request.blockVersion(i, parts.isIncomplete() ? StoreRequest.VERSION_LOST : 0);
                request.blockChecksum(i, Checksums.ZERO_BLOCK);
            }
        }
        request.started = end(request);
    }

    private void start(StoreRequest request, Frame frame, boolean isNew) {
        final boolean isLost = isNew ? parts.isIncomplete() : frame.state == Frame.State.DAMAGED && !frame.losing;
        if (isLost && request.operation().writes()) {
            parts.operations().lose(frame);
        }
        final StoreOp op = Objects.requireNonNull(parts.operations().takeOp());
        final StoreOperation operation = request.operation();
        if (isOfWholeShard(operation)) {
            op.start(
                    operation == StoreOperation.DROP ? Kind.DROP : Kind.UNKEEP, frame, 0, parts.geometry.shardBlocks());
            request.started = 1;
        } else {
            cut(request, op, frame);
        }
        op.request = request;
        op.version = request.version();
        op.keepVersions = request.keepVersions();
        request.piecesUnderWay++;
        parts.operations().submit(op);
    }

    /// Cut the next piece off.
    private void cut(StoreRequest request, StoreOp op, Frame frame) {
        final int first = request.offset() + request.started;
        final int left = request.length() - request.started;
        final boolean zeroing =
                request.operation() == StoreOperation.DISCARD || request.operation() == StoreOperation.WRITE_ZEROES;
        final int inBlock = first & BLOCK_BYTES - 1;
        int length;
        Kind kind;
        if (zeroing) {
            final boolean part = inBlock != 0 || left < BLOCK_BYTES;
            kind = part ? Kind.ZERO_PART : Kind.CLEAR;
            length = part ? Math.min(left, BLOCK_BYTES - inBlock) : left & -BLOCK_BYTES;
        } else {
            kind = switch (request.operation()) {
                case WRITE -> Kind.WRITE;
                case VERSIONS -> Kind.VERSIONS;
                default -> Kind.READ;
            };
            length = Math.min(left, parts.geometry.recordBlocksMax() * BLOCK_BYTES - inBlock);
        }
        final int firstBlock = first / BLOCK_BYTES;
        final int endBlock = (first + length + BLOCK_BYTES - 1) / BLOCK_BYTES;
        op.start(kind, frame, firstBlock, endBlock - firstBlock);
        op.firstByte = first;
        op.byteCount = length;
        op.dataOffset = request.started;
        request.started += length;
    }

    @Override
    public void pieceEnded(StoreOp op) {
        final StoreRequest request = Objects.requireNonNull(op.request);
        if (op.status != StoreStatus.OK && request.status == StoreStatus.OK) {
            request.status = op.status;
            request.failedBlock = op.failedBlock;
        }
        request.piecesUnderWay--;
        if (request.piecesUnderWay == 0 && request.started == -1) {
            finish(request, request.status);
        }
    }

    private void finish(StoreRequest request, StoreStatus status) {
        request.status = status;
        finished.add(request);
    }

    /// Answer finished requests.
    ///
    /// @return requests answered
    int answer() {
        int answered = 0;
        while (answered < ANSWERS_MAX) {
            final StoreRequest request = finished.take();
            if (request == null) {
                break;
            }
            inFlight--;
            answered++;
            request.completed(request.status);
        }
        return answered;
    }
}
