package io.basalt.gate.cluster;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;

/// The engine of a reactor that does no I/O of its own.
public final class NoEngine implements Engine {
    @Override
    public int poll() {
        return 0;
    }

    @Override
    public int sleep(long timeoutNs) {
        return 0;
    }

    @Override
    public void wake() {}

    @Override
    public int watch(int fd, int events, FdHandler handler) {
        throw new AssertionError("no descriptor here");
    }

    @Override
    public void unwatch(int watch) {
        throw new AssertionError("no descriptor here");
    }

    @Override
    public void close() {}
}
