package io.basalt.virtio.blk;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// An engine whose descriptors become ready when the test says so.
final class FakeEngine implements Engine {
    private record Watch(int fd, FdHandler handler) {}

    private final Map<Integer, Watch> watches = new HashMap<>();
    private int lastWatch;

    /// The descriptor became readable, or watching it ended with a negative errno.
    void signal(int fd, int events) {
        for (final Watch watch : List.copyOf(watches.values())) {
            if (watch.fd() == fd) {
                watch.handler().ready(events);
            }
        }
    }

    boolean watches(int fd) {
        return watches.values().stream().anyMatch(watch -> watch.fd() == fd);
    }

    @Override
    public int watch(int fd, int events, FdHandler handler) {
        lastWatch++;
        watches.put(lastWatch, new Watch(fd, handler));
        return lastWatch;
    }

    @Override
    public void unwatch(int watch) {
        if (watches.remove(watch) == null) {
            throw new IllegalStateException("watch " + watch + " does not exist");
        }
    }

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
    public void close() {}
}
