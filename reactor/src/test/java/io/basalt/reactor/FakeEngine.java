package io.basalt.reactor;

import java.util.ArrayList;
import java.util.List;

/// An engine without a kernel: remembers what it was asked for and runs what a test hooks in.
final class FakeEngine implements Engine {
    final List<Long> sleeps = new ArrayList<>();
    Runnable whileAsleep = () -> {};
    Runnable inPoll = () -> {};
    int completions;
    int wakes;

    @Override
    public int poll() {
        inPoll.run();
        final int delivered = completions;
        completions = 0;
        return delivered;
    }

    @Override
    public int sleep(long timeoutNs) {
        sleeps.add(timeoutNs);
        whileAsleep.run();
        return completions;
    }

    @Override
    public void wake() {
        wakes++;
    }

    @Override
    public int watch(int fd, int events, FdHandler handler) {
        throw new UnsupportedOperationException("no descriptors here");
    }

    @Override
    public void unwatch(int watch) {
        throw new UnsupportedOperationException("no descriptors here");
    }

    @Override
    public void close() {}
}
