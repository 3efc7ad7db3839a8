package io.basalt.gate.handover;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// An engine that takes every descriptor that it watches for ready whenever it is polled.
public final class HandEngine implements Engine {
    private final Map<Integer, FdHandler> handlers = new LinkedHashMap<>();
    private int watches;

    @Override
    public int poll() {
        List.copyOf(handlers.values()).forEach(handler -> handler.ready(0));
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
        handlers.put(++watches, handler);
        return watches;
    }

    @Override
    public void unwatch(int watch) {
        handlers.remove(watch);
    }

    @Override
    public void close() {
        handlers.clear();
    }
}
