package io.basalt.simulation;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;

/// The engine of a simulated reactor, which has no descriptors: notes how long the reactor would sleep.
final class SimEngine implements Engine {
    private final SimClock clock;
    private final HostClock host;
    private long wakeAtNs;

    SimEngine(SimClock clock, HostClock host) {
        this.clock = clock;
        this.host = host;
    }

    /// When the reactor has something to do by itself at the earliest, in the world's time.
    long wakeAtNs() {
        return wakeAtNs;
    }

    @Override
    public int poll() {
        wakeAtNs = clock.nanoTime();
        return 0;
    }

    @Override
    public int sleep(long timeoutNs) {
        wakeAtNs =
                timeoutNs == Long.MAX_VALUE ? Long.MAX_VALUE : clock.nanoTime() + Math.max(1, host.worldNs(timeoutNs));
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
