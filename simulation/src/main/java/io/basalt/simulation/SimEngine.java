package io.basalt.simulation;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import java.util.function.IntSupplier;

/// The I/O side of a simulated reactor: delivers what devices have finished, and notes how long the reactor
/// would sleep.
final class SimEngine implements Engine {
    private final SimClock clock;
    private IntSupplier devices = () -> 0;
    private long wakeAtNs;

    SimEngine(SimClock clock) {
        this.clock = clock;
    }

    /// What delivers finished I/O when it is asked.
    void devices(IntSupplier poll) {
        devices = poll;
    }

    /// When the reactor has something to do by itself at the earliest.
    long wakeAtNs() {
        return wakeAtNs;
    }

    @Override
    public int poll() {
        wakeAtNs = clock.nanoTime();
        return devices.getAsInt();
    }

    @Override
    public int sleep(long timeoutNs) {
        wakeAtNs = timeoutNs == Long.MAX_VALUE ? Long.MAX_VALUE : clock.nanoTime() + Math.max(1, timeoutNs);
        return 0;
    }

    @Override
    public void wake() {
        wakeAtNs = clock.nanoTime();
    }

    @Override
    public int watch(int fd, int events, FdHandler handler) {
        throw new UnsupportedOperationException("a simulated reactor has no descriptors");
    }

    @Override
    public void unwatch(int watch) {
        throw new UnsupportedOperationException("a simulated reactor has no descriptors");
    }

    @Override
    public void close() {}
}
