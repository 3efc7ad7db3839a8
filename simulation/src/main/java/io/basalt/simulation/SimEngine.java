package io.basalt.simulation;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The engine of a simulated reactor: notes how long the reactor would sleep, and calls the watchers of descriptors
/// that were signalled ([#signal]). It knows nothing of what they are.
final class SimEngine implements Engine {
    private final SimClock clock;
    private final HostClock host;
    private final Map<Integer, Watch> watches = new LinkedHashMap<>();
    private long wakeAtNs;
    private int lastWatch;
    private int signalled;

    /// A descriptor that is watched.
    private static final class Watch {
        final int fd;
        final FdHandler handler;
        boolean isReady = true;

        Watch(int fd, FdHandler handler) {
            this.fd = fd;
            this.handler = handler;
        }
    }

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
        int called = 0;
        if (signalled > 0) {
            signalled = 0;
            for (final Map.Entry<Integer, Watch> each : List.copyOf(watches.entrySet())) {
                final Watch watch = each.getValue();
                if (watch.isReady && watches.containsKey(each.getKey())) {
                    watch.isReady = false;
                    watch.handler.ready(0);
                    called++;
                }
            }
        }
        return called;
    }

    /// Something has happened to a descriptor.
    void signal(int fd) {
        for (final Watch each : watches.values()) {
            if (each.fd == fd) {
                each.isReady = true;
                signalled++;
                wake();
            }
        }
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
        watches.put(++lastWatch, new Watch(fd, handler));
        signalled++;
        wake();
        return lastWatch;
    }

    @Override
    public void unwatch(int watch) {
        watches.remove(watch);
    }

    @Override
    public void close() {}
}
