package io.basalt.store.file;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.block.MemoryFault;
import io.basalt.linux.Errno;
import io.basalt.linux.memory.Mapping;
import io.basalt.store.file.FileCounters.Event;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The steps a request takes on the file: chooses the next device operation of a [Transfer], and settles the one
/// that ended. One owner reactor.
///
/// A step covers as much of the rest of the request as one operation can; short results and refusals simply lead to
/// another choice, made from where the transfer now stands. Whatever a step holds (bounce buffer, device blocks) it
/// gives back when it ends, so a step can always be chosen anew.
///
/// Alignment: the device takes ranges in whole multiples of the offset alignment from memory at multiples of the
/// memory alignment, piece by piece. Pieces that fit go straight; those that do not go through a bounce buffer;
/// a write that covers part of a device block reads it first. Buffered files have alignment 1, so nothing of
/// this happens there.
final class FileSteps implements AutoCloseable {
    /// What became of choosing a step.
    enum Outcome {
        /// The operation is queued.
        QUEUED,
        /// Something it needs is taken: try again later.
        BUSY,
        /// There is nothing left to do.
        DONE,
        /// The device does not do it.
        UNSUPPORTED,
        /// The request's memory vanished.
        MEMORY_LOST,
        /// The memory at the transfer's position does not suit the device (between methods of this class only).
        MISALIGNED
    }

    /// Most pieces in one operation; a request with more goes in several.
    static final int IOVEC_COUNT_MAX = 256;

    /// Attempts without progress before a request fails.
    static final int RETRY_COUNT_MAX = 1000;

    private static final long IOVEC_BYTES = 16;
    private static final int EDQUOT = 122;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final FileVolume volume;
    private final DeviceQueue queue;
    private final FileCounters counters;
    private final BouncePool pool = new BouncePool();
    private final Mapping iovecMapping;
    private final MemorySegment iovecs;
    private final long offsetAlignment;
    private final long offsetMask;
    private final long memoryMask;

    FileSteps(FileVolume volume, DeviceQueue queue, int transferCount) {
        this.volume = volume;
        this.queue = queue;
        counters = volume.counters();
        iovecMapping = Mapping.anonymous((long) transferCount * IOVEC_COUNT_MAX * IOVEC_BYTES);
        iovecs = iovecMapping.segment();
        offsetAlignment = volume.path().offsetAlignment();
        offsetMask = offsetAlignment - 1;
        memoryMask = volume.path().memoryAlignment() - 1L;
    }

    /// Choose the next step of a READY transfer and queue it.
    Outcome next(Transfer transfer) {
        assert transfer.state() == TransferState.READY;
        final BlockOperation operation = transfer.request().operation();
        if (operation == BlockOperation.FLUSH) {
            return sync(transfer);
        }
        if (transfer.remaining() == 0) {
            return Outcome.DONE;
        }
        return switch (operation) {
            case READ -> read(transfer);
            case WRITE -> write(transfer);
            case DISCARD, WRITE_ZEROES -> clear(transfer);
            case FLUSH -> throw new AssertionError("flush has no range");
        };
    }

    /// Take the result of the operation in flight into account. Afterwards the transfer is READY, or, in the
    /// middle of a read-modify-write, has its next operation in flight.
    ///
    /// @return [BlockStatus#PENDING] if there may be more to do, else the request's result
    BlockStatus settle(Transfer transfer, int result) {
        if (transfer.state() == TransferState.BLOCK_READ && result >= 0) {
            return changeBlock(transfer, result);
        }
        final BlockStatus status = result < 0 ? failed(transfer, result) : moved(transfer, result);
        drop(transfer);
        transfer.become(TransferState.READY);
        return status;
    }

    @Override
    public void close() {
        pool.close();
        iovecMapping.close();
    }

    // Choosing

    private Outcome read(Transfer transfer) {
        final long position = transfer.position();
        final long length = transfer.remaining() & ~offsetMask;
        if ((position & offsetMask) == 0 && length > 0) {
            final Outcome outcome = direct(transfer, length, false);
            if (outcome != Outcome.MISALIGNED) {
                return outcome;
            }
        }
        if (!takeBounce(transfer)) {
            return Outcome.BUSY;
        }
        final long first = position & ~offsetMask;
        final long end = Math.min(position + transfer.remaining(), first + BouncePool.BUFFER_BYTES);
        final int hull = (int) ((end + offsetMask & ~offsetMask) - first);
        if (!queue.read(pool.address(transfer.bounce), hull, first, DeviceQueue.NO_BUFFER, transfer.token)) {
            drop(transfer);
            return Outcome.BUSY;
        }
        counters.count(Event.BOUNCED);
        return queued(transfer, TransferState.BOUNCED_READ, end - position);
    }

    private Outcome write(Transfer transfer) {
        final long position = transfer.position();
        final long whole = transfer.remaining() & ~offsetMask;
        if ((position & offsetMask) != 0 || whole == 0) {
            return readBlock(transfer);
        }
        final long length = lockable(whole);
        if (!takeBlocks(transfer, position, length)) {
            return Outcome.BUSY;
        }
        Outcome outcome = direct(transfer, length, true);
        if (outcome == Outcome.MISALIGNED) {
            outcome = bouncedWrite(transfer, (int) Math.min(length, BouncePool.BUFFER_BYTES));
        }
        if (outcome != Outcome.QUEUED) {
            drop(transfer);
        }
        return outcome;
    }

    /// Discard or write zeroes.
    private Outcome clear(Transfer transfer) {
        final boolean discard = transfer.request().operation() == BlockOperation.DISCARD;
        final Clearing clearing = volume.clearing(discard || transfer.request().mayUnmap(), discard);
        if (clearing == Clearing.REFUSED && discard) {
            counters.count(Event.DISCARD_UNSUPPORTED);
            return Outcome.UNSUPPORTED;
        }
        final long position = transfer.position();
        final long whole = transfer.remaining() & ~offsetMask;
        if ((position & offsetMask) != 0 || whole == 0) {
            return readBlock(transfer);
        }
        final boolean fromMemory = clearing == Clearing.REFUSED;
        final long length =
                fromMemory ? Math.min(lockable(whole), volume.zeros().byteSize()) : lockable(whole);
        if (!takeBlocks(transfer, position, length)) {
            return Outcome.BUSY;
        }
        final boolean done = fromMemory
                ? queue.write(
                        volume.zeros().address(), (int) length, position, DeviceQueue.NO_BUFFER, false, transfer.token)
                : clearing == Clearing.FORGET
                        ? queue.discard(position, length, transfer.token)
                        : queue.allocate(clearing.allocateMode, position, length, transfer.token);
        if (!done) {
            drop(transfer);
            return Outcome.BUSY;
        }
        if (fromMemory) {
            counters.count(Event.ZEROS_WRITTEN);
            return queued(transfer, TransferState.ZERO_WRITE, length);
        }
        transfer.clearing = clearing;
        return queued(transfer, TransferState.CLEAR, length);
    }

    private Outcome sync(Transfer transfer) {
        return queue.sync(transfer.token) ? queued(transfer, TransferState.SYNC, 0) : Outcome.BUSY;
    }

    /// Move as much as suits the device straight between it and the request's memory.
    ///
    /// @param limit most bytes, a positive multiple of the offset alignment
    private Outcome direct(Transfer transfer, long limit, boolean write) {
        final IoVector data = transfer.request().data();
        final int entry = transfer.entry;
        final int left = data.length(entry) - transfer.within;
        if (left < limit) {
            return directPieces(transfer, limit, write);
        }
        return directPiece(transfer, (int) limit, write);
    }

    /// All in the piece at the cursor.
    private Outcome directPiece(Transfer transfer, int length, boolean write) {
        final IoVector data = transfer.request().data();
        final int entry = transfer.entry;
        final int token = transfer.token;
        final long address = data.address(entry) + transfer.within;
        if ((address & memoryMask) != 0) {
            return Outcome.MISALIGNED;
        }
        final int buffer =
                queue.buffers().find(data.table(), data.region(entry), data.offset(entry) + transfer.within, length);
        final long position = transfer.position();
        final boolean done = write
                ? queue.write(
                        address, length, position, buffer, transfer.request().durable(), token)
                : queue.read(address, length, position, buffer, token);
        return done ? queued(transfer, TransferState.DIRECT, length) : Outcome.BUSY;
    }

    /// As many pieces from the cursor on as suit the device.
    private Outcome directPieces(Transfer transfer, long limit, boolean write) {
        final IoVector data = transfer.request().data();
        final long base = (long) transfer.token * IOVEC_COUNT_MAX * IOVEC_BYTES;
        int count = 0;
        long total = 0;
        int buffer = DeviceQueue.NO_BUFFER;
        int within = transfer.within;
        for (int i = transfer.entry; count < IOVEC_COUNT_MAX && total < limit; i++) {
            final long address = data.address(i) + within;
            final int left = data.length(i) - within;
            final int usable = (int) (Math.min(left, limit - total) & ~offsetMask);
            if ((address & memoryMask) != 0 || usable == 0) {
                break;
            }
            final int mine = queue.fixedVectors()
                    ? queue.buffers().find(data.table(), data.region(i), data.offset(i) + within, usable)
                    : DeviceQueue.NO_BUFFER;
            buffer = count == 0 || buffer == mine ? mine : DeviceQueue.NO_BUFFER;
            iovecs.set(LONG, base + count * IOVEC_BYTES, address);
            iovecs.set(LONG, base + count * IOVEC_BYTES + Long.BYTES, usable);
            count++;
            total += usable;
            if (usable < left) {
                break;
            }
            within = 0;
        }
        if (count == 0) {
            return Outcome.MISALIGNED;
        }
        if (count == 1) {
            return directPiece(transfer, (int) total, write);
        }
        final long address = iovecs.address() + base;
        final long position = transfer.position();
        final boolean done = write
                ? queue.writeVector(
                        address, count, position, buffer, transfer.request().durable(), transfer.token)
                : queue.readVector(address, count, position, buffer, transfer.token);
        return done ? queued(transfer, TransferState.DIRECT, total) : Outcome.BUSY;
    }

    private Outcome bouncedWrite(Transfer transfer, int length) {
        if (!takeBounce(transfer)) {
            return Outcome.BUSY;
        }
        if (!copy(transfer, false, pool.offset(transfer.bounce), length)) {
            return Outcome.MEMORY_LOST;
        }
        final long address = pool.address(transfer.bounce);
        final boolean durable = transfer.request().durable();
        if (!queue.write(address, length, transfer.position(), DeviceQueue.NO_BUFFER, durable, transfer.token)) {
            return Outcome.BUSY;
        }
        counters.count(Event.BOUNCED);
        return queued(transfer, TransferState.BOUNCED_WRITE, length);
    }

    /// First half of a read-modify-write of the one device block the position lies in.
    private Outcome readBlock(Transfer transfer) {
        final long position = transfer.position();
        final long block = position & ~offsetMask;
        if (!takeBlocks(transfer, block, offsetAlignment)) {
            return Outcome.BUSY;
        }
        if (!takeBounce(transfer)
                || !queue.read(
                        pool.address(transfer.bounce),
                        (int) offsetAlignment,
                        block,
                        DeviceQueue.NO_BUFFER,
                        transfer.token)) {
            drop(transfer);
            return Outcome.BUSY;
        }
        counters.count(Event.READ_MODIFY_WRITE);
        final long inBlock = Math.min(transfer.remaining(), block + offsetAlignment - position);
        return queued(transfer, TransferState.BLOCK_READ, inBlock);
    }

    private static Outcome queued(Transfer transfer, TransferState state, long stepLength) {
        transfer.stepLength = stepLength;
        transfer.become(state);
        return Outcome.QUEUED;
    }

    // Settling

    /// Second half of a read-modify-write.
    private BlockStatus changeBlock(Transfer transfer, int result) {
        if (result < offsetAlignment) {
            // The block is whole on the device, so there is more of it to read.
            counters.count(Event.SHORT);
            drop(transfer);
            transfer.become(TransferState.READY);
            return again(transfer);
        }
        final long buffer = pool.offset(transfer.bounce);
        final long inBlock = transfer.position() & offsetMask;
        boolean copied = true;
        if (transfer.request().operation() == BlockOperation.WRITE) {
            copied = copy(transfer, false, buffer + inBlock, transfer.stepLength);
        } else {
            MemorySegment.copy(volume.zeros(), 0, pool.memory(), buffer + inBlock, transfer.stepLength);
        }
        final long block = transfer.position() - inBlock;
        if (copied
                && queue.write(
                        pool.address(transfer.bounce),
                        (int) offsetAlignment,
                        block,
                        DeviceQueue.NO_BUFFER,
                        transfer.request().durable(),
                        transfer.token)) {
            transfer.become(TransferState.BOUNCED_WRITE);
            return BlockStatus.PENDING;
        }
        drop(transfer);
        transfer.become(TransferState.READY);
        return copied ? BlockStatus.PENDING : BlockStatus.IO_ERROR;
    }

    private BlockStatus moved(Transfer transfer, int result) {
        return switch (transfer.state()) {
            case DIRECT -> transferred(transfer, result);
            case BOUNCED_READ -> {
                final long skew = transfer.position() & offsetMask;
                final long length = Math.min(result - skew, transfer.stepLength);
                if (length > 0 && !copy(transfer, true, pool.offset(transfer.bounce) + skew, length)) {
                    yield BlockStatus.IO_ERROR;
                }
                yield transferred(transfer, Math.max(0, length));
            }
            case BOUNCED_WRITE -> {
                final long skew = transfer.position() & offsetMask;
                final boolean partOfBlock = skew != 0 || transfer.stepLength < offsetAlignment;
                // Part of a changed block may be old bytes in front of ours: only the whole block counts.
                yield transferred(
                        transfer, !partOfBlock ? result : result >= offsetAlignment ? transfer.stepLength : 0);
            }
            case ZERO_WRITE -> transferred(transfer, result);
            case CLEAR -> transferred(transfer, transfer.stepLength);
            case SYNC -> BlockStatus.OK;
            case FREE, READY, BLOCK_READ -> throw new AssertionError(transfer.state());
        };
    }

    private BlockStatus transferred(Transfer transfer, long bytes) {
        final long length = Math.min(bytes, transfer.stepLength);
        if (length < transfer.stepLength) {
            counters.count(Event.SHORT);
        }
        if (length > 0) {
            transfer.advance(length);
            return BlockStatus.PENDING;
        }
        return transfer.request().operation() == BlockOperation.READ ? pastEnd(transfer) : again(transfer);
    }

    /// The device gave nothing at the position. That is right only past the end of the file, within a last block
    /// that the file does not fill; elsewhere past the end the file was cut under us, and zeros would hide it.
    /// The end is asked for anew: a write may have moved it.
    private BlockStatus pastEnd(Transfer transfer) {
        final long position = transfer.position();
        if (position < volume.fileBytes()) {
            return again(transfer);
        }
        if (position <= volume.sizeBytes() - volume.blockSize()) {
            counters.count(Event.FAILED);
            return BlockStatus.IO_ERROR;
        }
        counters.count(Event.PAST_END);
        try {
            transfer.copyZeros(volume.zeros(), transfer.remaining());
            MemoryFault.surface();
        } catch (InternalError e) {
            return memoryLost();
        }
        transfer.advance(transfer.remaining());
        return BlockStatus.PENDING;
    }

    private BlockStatus failed(Transfer transfer, int result) {
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            counters.count(Event.RETRIED);
            return again(transfer);
        }
        if (transfer.state() == TransferState.CLEAR && volume.refuses(transfer.clearing, result)) {
            return BlockStatus.PENDING;
        }
        counters.count(Event.FAILED);
        if (transfer.state() == TransferState.SYNC) {
            volume.syncFailed();
        }
        return result == -Errno.ENOSPC || result == -EDQUOT ? BlockStatus.NO_SPACE : BlockStatus.IO_ERROR;
    }

    private BlockStatus again(Transfer transfer) {
        transfer.retries++;
        if (transfer.retries > RETRY_COUNT_MAX) {
            counters.count(Event.FAILED);
            return BlockStatus.IO_ERROR;
        }
        return BlockStatus.PENDING;
    }

    // What a step holds

    private boolean takeBounce(Transfer transfer) {
        assert transfer.bounce == Transfer.NONE;
        transfer.bounce = pool.take();
        return transfer.bounce != Transfer.NONE;
    }

    /// Bytes of a range that one step may write: all, unless blocks must be held for it.
    private long lockable(long length) {
        return volume.path().readModifyWrite()
                ? Math.min(length, BlockStripes.BLOCK_COUNT_MAX * offsetAlignment)
                : length;
    }

    private boolean takeBlocks(Transfer transfer, long offset, long length) {
        assert transfer.lockedCount == 0;
        if (!volume.path().readModifyWrite()) {
            return true;
        }
        final long first = offset / offsetAlignment;
        final int count = (int) (length / offsetAlignment);
        if (!volume.stripes().tryTake(first, count)) {
            return false;
        }
        transfer.lockedBlock = first;
        transfer.lockedCount = count;
        return true;
    }

    private void drop(Transfer transfer) {
        if (transfer.bounce != Transfer.NONE) {
            pool.giveBack(transfer.bounce);
            transfer.bounce = Transfer.NONE;
        }
        if (transfer.lockedCount != 0) {
            volume.stripes().release(transfer.lockedBlock, transfer.lockedCount);
            transfer.lockedCount = 0;
        }
    }

    /// Copy between a bounce buffer and the request's memory.
    ///
    /// @return false if that memory is gone: a front end may cut its file while it is mapped here
    private boolean copy(Transfer transfer, boolean toRequest, long bufferOffset, long length) {
        try {
            transfer.copy(toRequest, pool.memory(), bufferOffset, length);
            MemoryFault.surface();
            return true;
        } catch (InternalError e) {
            memoryLost();
            return false;
        }
    }

    private BlockStatus memoryLost() {
        counters.count(Event.MEMORY_LOST);
        return BlockStatus.IO_ERROR;
    }
}
