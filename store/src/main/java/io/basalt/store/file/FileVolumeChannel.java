package io.basalt.store.file;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.MemoryFault;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.TimerTask;
import io.basalt.store.RequestRing;
import io.basalt.store.VolumeRules;
import io.basalt.store.file.FileCounters.Event;
import org.jspecify.annotations.Nullable;

/// A file volume's way in on one reactor.
///
/// A request takes one of [#TRANSFER_COUNT] transfers and goes through its steps ([FileSteps]); with all taken
/// it waits its turn. A step that lacks something (room in the ring, a bounce buffer, a device block) is parked,
/// and tried again when another of the channel's operations ends, and by a timer, since a device block may be
/// held by another reactor. A request ends when the kernel has answered for its last operation,
/// never before: nothing here cancels, since a cancelled operation may still reach the disk or the guest's memory.
final class FileVolumeChannel implements VolumeChannel, DeviceQueue.Completion {
    /// Requests in flight on the device.
    static final int TRANSFER_COUNT = 1024;

    private final FileVolume volume;
    private final Reactor reactor;
    private final FileCounters counters;
    private final DeviceQueue queue;
    private final FileSteps steps;
    private final Transfer[] transfers = new Transfer[TRANSFER_COUNT];
    private final int[] free = new int[TRANSFER_COUNT];
    private int freeCount = TRANSFER_COUNT;
    private final int[] parked = new int[TRANSFER_COUNT];
    private int parkedHead;
    private int parkedCount;
    private final Retry retry = new Retry();
    private final RequestRing waiting = new RequestRing();

    FileVolumeChannel(FileVolume volume, Reactor reactor, int fd, DeviceQueue.Source source) {
        this.volume = volume;
        this.reactor = reactor;
        counters = volume.counters();
        for (int i = 0; i < TRANSFER_COUNT; i++) {
            transfers[i] = new Transfer(i);
            free[i] = TRANSFER_COUNT - 1 - i;
        }
        queue = source.open(reactor, fd, this);
        steps = new FileSteps(volume, queue, TRANSFER_COUNT);
    }

    @Override
    public BlockStatus submit(BlockRequest request) {
        assert reactor.inLoop();
        MemoryFault.surface();
        final BlockStatus status =
                VolumeRules.check(request, volume.sizeBytes(), volume.blockSize(), volume.readOnly());
        if (status != BlockStatus.OK) {
            return status;
        }
        if (request.operation() == BlockOperation.FLUSH && volume.writesLost()) {
            return BlockStatus.IO_ERROR;
        }
        // Whoever waits goes first.
        if (freeCount == 0 || waiting.count() > 0) {
            return await(request);
        }
        return start(request);
    }

    private BlockStatus await(BlockRequest request) {
        if (!waiting.offer(request)) {
            counters.count(Event.REJECTED);
            return BlockStatus.IO_ERROR;
        }
        counters.count(Event.WAITED);
        return BlockStatus.PENDING;
    }

    private BlockStatus start(BlockRequest request) {
        final Transfer transfer = transfers[free[--freeCount]];
        transfer.start(request);
        final BlockStatus status = step(transfer);
        if (status != BlockStatus.PENDING) {
            release(transfer);
        }
        return status;
    }

    private BlockStatus step(Transfer transfer) {
        return switch (steps.next(transfer)) {
            case QUEUED -> BlockStatus.PENDING;
            case BUSY -> park(transfer);
            case DONE -> BlockStatus.OK;
            case UNSUPPORTED -> BlockStatus.UNSUPPORTED;
            case MEMORY_LOST -> BlockStatus.IO_ERROR;
            case MISALIGNED -> throw new AssertionError("misalignment is handled by the steps");
        };
    }

    private void release(Transfer transfer) {
        transfer.end();
        free[freeCount++] = transfer.token;
    }

    @Override
    public void completed(int token, int result) {
        final Transfer transfer = transfers[token];
        BlockStatus status = steps.settle(transfer, result);
        if (status == BlockStatus.PENDING && transfer.state() == TransferState.READY) {
            status = step(transfer);
        }
        if (status != BlockStatus.PENDING) {
            finish(transfer, status);
        }
        retryParked(Math.min(parkedCount, 1));
    }

    private void finish(Transfer transfer, BlockStatus status) {
        final BlockRequest request = transfer.request();
        release(transfer);
        request.completed(status);
        while (freeCount > 0) {
            final @Nullable BlockRequest next = waiting.take();
            if (next == null) {
                return;
            }
            final BlockStatus nextStatus = start(next);
            if (nextStatus != BlockStatus.PENDING) {
                next.completed(nextStatus);
            }
        }
    }

    private BlockStatus park(Transfer transfer) {
        assert parkedCount < TRANSFER_COUNT;
        counters.count(Event.PARKED);
        parked[(parkedHead + parkedCount) % TRANSFER_COUNT] = transfer.token;
        parkedCount++;
        if (!retry.isScheduled()) {
            reactor.schedule(retry, 0);
        }
        return BlockStatus.PENDING;
    }

    /// Try what is parked again, each once.
    private void retryParked(int tries) {
        for (int i = 0; i < tries && parkedCount > 0; i++) {
            final Transfer transfer = transfers[parked[parkedHead]];
            parkedHead = (parkedHead + 1) % TRANSFER_COUNT;
            parkedCount--;
            final BlockStatus status = step(transfer);
            if (status != BlockStatus.PENDING) {
                finish(transfer, status);
            }
        }
    }

    @Override
    public void useMemory(RegionTable table) {
        final int unregistered = queue.buffers().use(table);
        for (int i = 0; i < unregistered; i++) {
            counters.count(Event.REGION_UNREGISTERED);
        }
    }

    @Override
    public void releaseMemory(RegionTable table) {
        queue.buffers().release(table);
    }

    @Override
    public int inFlight() {
        return TRANSFER_COUNT - freeCount + waiting.count();
    }

    @Override
    public void close() {
        assert inFlight() == 0 : inFlight() + " requests in flight";
        reactor.cancel(retry);
        queue.close();
        steps.close();
        volume.channelClosed();
    }

    /// The next try of what is parked.
    private final class Retry extends TimerTask {
        @Override
        protected void expired(long nowNs) {
            retryParked(parkedCount);
        }
    }
}
