package io.basalt.store.chunk;

import io.basalt.block.BlockStatus;
import io.basalt.store.chunk.StoreCounters.Counter;

/// Flushes of the device, shared by all who need one: at most one is in flight, and whoever asks meanwhile gets the
/// next. One owner reactor.
final class Flusher implements DeviceIo.Owner {
    /// Who is told when a flush starts and how it ended.
    interface Listener {
        /// What is complete now will be durable when the flush has ended.
        void flushStarts();

        void flushed(boolean good);
    }

    private final Device device;
    private final Listener listener;
    private final StoreCounters counters;
    private final DeviceIo io;
    private long started;
    private long finished;
    private boolean again;

    Flusher(Device device, StoreCounters counters, Listener listener) {
        this.device = device;
        this.counters = counters;
        this.listener = listener;
        io = new DeviceIo(device, this, 0, 1);
    }

    /// Ask for a flush that starts no earlier than now.
    ///
    /// @return number of the flush, to compare with [#finished()]
    long request() {
        if (inFlight()) {
            again = true;
            return started + 1;
        }
        start();
        return started;
    }

    /// Number of the last flush that has ended.
    long finished() {
        return finished;
    }

    boolean inFlight() {
        return started > finished;
    }

    private void start() {
        started++;
        again = false;
        counters.count(Counter.DEVICE_FLUSHES);
        listener.flushStarts();
        device.submit(io.flush());
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        finished = started;
        listener.flushed(status == BlockStatus.OK);
        if (again && !inFlight()) {
            start();
        }
    }
}
