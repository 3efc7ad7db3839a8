package io.basalt.store.file;

import io.basalt.linux.uring.IoUring;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.uring.CompletionHandler;
import io.basalt.reactor.uring.UringEngine;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// A channel's operations on the reactor's io_uring, with the file in a registered slot while there are free ones.
final class UringDeviceQueue implements DeviceQueue, CompletionHandler {
    /// A ring has one table of registered buffers, so its engine has one registry, however many channels it serves.
    /// Each entry is touched by its engine's reactor alone.
    private static final ConcurrentMap<UringEngine, SharedBuffers> BUFFERS = new ConcurrentHashMap<>();

    private static final class SharedBuffers {
        final FixedBuffers buffers;
        int users;

        SharedBuffers(UringEngine engine) {
            buffers = new FixedBuffers(new EngineSlots(engine));
        }
    }

    private record EngineSlots(UringEngine engine) implements FixedBuffers.Slots {
        @Override
        public int claim(int count) {
            return engine.claimBuffers(count);
        }

        @Override
        public void release(int first, int count) {
            engine.releaseBuffers(first, count);
        }

        @Override
        public int update(int slot, long address, long length) {
            return engine.ring().updateBuffer(slot, address, length);
        }
    }

    /// Transfers that are handed over together, without waiting for the end of the reactor's pass. The kernel gives
    /// its device the requests of one call all at once and at the end, so a device that has run dry would idle for
    /// as long as a whole pass takes to be queued. Measured on a single-queue disk at depth 32: one call for all 32
    /// gives two thirds of the IOPS of calls for 4, which in turn cost little more processor time
    /// (docs/PERFORMANCE.md).
    private static final int GROUP_LENGTH = 4;

    private final UringEngine engine;
    private final IoUring ring;
    private final DeviceQueue.Completion completion;
    private final SharedBuffers shared;
    private final FixedBuffers buffers;
    private final int handler;
    private final int slot;
    private final int file;
    private final int sqeFlags;
    private final boolean fixedVectors;

    private UringDeviceQueue(UringEngine engine, int fd, DeviceQueue.Completion completion) {
        this.engine = engine;
        this.completion = completion;
        ring = engine.ring();
        shared = BUFFERS.computeIfAbsent(engine, SharedBuffers::new);
        shared.users++;
        buffers = shared.buffers;
        handler = engine.addHandler(this);
        slot = engine.addFile(fd);
        file = slot >= 0 ? slot : fd;
        sqeFlags = slot >= 0 ? UringSpec.IOSQE_FIXED_FILE : 0;
        fixedVectors =
                ring.supports(UringSpec.IORING_OP_READV_FIXED) && ring.supports(UringSpec.IORING_OP_WRITEV_FIXED);
    }

    /// Open a queue on the engine of a reactor.
    static DeviceQueue open(Reactor reactor, int fd, DeviceQueue.Completion completion) {
        return new UringDeviceQueue(UringEngine.of(reactor), fd, completion);
    }

    @Override
    public void completed(int token, int result, int flags) {
        completion.completed(token, result);
    }

    @Override
    public boolean read(long address, int length, long offset, int buffer, int token) {
        return (queueRead(address, length, offset, buffer, token)
                        || (flushed() && queueRead(address, length, offset, buffer, token)))
                && queued();
    }

    private boolean queueRead(long address, int length, long offset, int buffer, int token) {
        final long userData = engine.userData(handler, token);
        return buffer >= 0
                ? ring.prepareReadFixed(file, address, length, offset, buffer, sqeFlags, userData)
                : ring.prepareRead(file, address, length, offset, sqeFlags, userData);
    }

    @Override
    public boolean write(long address, int length, long offset, int buffer, boolean durable, int token) {
        final boolean queued = queueWrite(address, length, offset, buffer, token)
                || (flushed() && queueWrite(address, length, offset, buffer, token));
        return queued && force(durable);
    }

    /// Force the write queued last to stable storage, if asked for.
    private boolean force(boolean durable) {
        if (durable) {
            ring.writeFlags(UringSpec.RWF_DSYNC);
        }
        return queued();
    }

    private boolean queueWrite(long address, int length, long offset, int buffer, int token) {
        final long userData = engine.userData(handler, token);
        return buffer >= 0
                ? ring.prepareWriteFixed(file, address, length, offset, buffer, sqeFlags, userData)
                : ring.prepareWrite(file, address, length, offset, sqeFlags, userData);
    }

    @Override
    public boolean readVector(long iovecs, int count, long offset, int buffer, int token) {
        return (queueReadVector(iovecs, count, offset, buffer, token)
                        || (flushed() && queueReadVector(iovecs, count, offset, buffer, token)))
                && queued();
    }

    private boolean queueReadVector(long iovecs, int count, long offset, int buffer, int token) {
        final long userData = engine.userData(handler, token);
        return buffer >= 0
                ? ring.prepareReadvFixed(file, iovecs, count, offset, buffer, sqeFlags, userData)
                : ring.prepareReadv(file, iovecs, count, offset, sqeFlags, userData);
    }

    @Override
    public boolean writeVector(long iovecs, int count, long offset, int buffer, boolean durable, int token) {
        final boolean queued = queueWriteVector(iovecs, count, offset, buffer, token)
                || (flushed() && queueWriteVector(iovecs, count, offset, buffer, token));
        return queued && force(durable);
    }

    private boolean queueWriteVector(long iovecs, int count, long offset, int buffer, int token) {
        final long userData = engine.userData(handler, token);
        return buffer >= 0
                ? ring.prepareWritevFixed(file, iovecs, count, offset, buffer, sqeFlags, userData)
                : ring.prepareWritev(file, iovecs, count, offset, sqeFlags, userData);
    }

    @Override
    public boolean sync(int token) {
        final long userData = engine.userData(handler, token);
        return ring.prepareFsync(file, true, sqeFlags, userData)
                || (flushed() && ring.prepareFsync(file, true, sqeFlags, userData));
    }

    @Override
    public boolean allocate(int mode, long offset, long length, int token) {
        final long userData = engine.userData(handler, token);
        return ring.prepareFallocate(file, mode, offset, length, sqeFlags, userData)
                || (flushed() && ring.prepareFallocate(file, mode, offset, length, sqeFlags, userData));
    }

    @Override
    public boolean discard(long offset, long length, int token) {
        final long userData = engine.userData(handler, token);
        return ring.prepareDiscard(file, offset, length, sqeFlags, userData)
                || (flushed() && ring.prepareDiscard(file, offset, length, sqeFlags, userData));
    }

    /// A transfer has been queued: hand over what is queued once it is a group.
    private boolean queued() {
        if (ring.pending() >= GROUP_LENGTH) {
            engine.submit();
        }
        return true;
    }

    /// Hand the full submission queue to the kernel, which makes room in it.
    private boolean flushed() {
        engine.submit();
        return true;
    }

    @Override
    public FixedBuffers buffers() {
        return buffers;
    }

    @Override
    public boolean fixedVectors() {
        return fixedVectors;
    }

    @Override
    public void close() {
        engine.removeHandler(handler);
        if (slot >= 0) {
            engine.removeFile(slot);
        }
        shared.users--;
        if (shared.users == 0) {
            final @Nullable SharedBuffers removed = BUFFERS.remove(engine);
            assert removed == shared;
        }
    }
}
