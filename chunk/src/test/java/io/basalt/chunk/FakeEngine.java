package io.basalt.chunk;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;

/// The I/O side of a reactor that has none.
final class FakeEngine implements Engine {
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
        throw new UnsupportedOperationException();
    }

    @Override
    public void unwatch(int watch) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
