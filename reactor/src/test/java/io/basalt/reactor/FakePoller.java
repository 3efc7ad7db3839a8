package io.basalt.reactor;

import java.util.ArrayDeque;
import java.util.Queue;

/// A poller that does the work a test has queued for it, one item a pass, and counts what it is asked.
final class FakePoller implements Poller {
    final Queue<Runnable> work = new ArrayDeque<>();
    Runnable whenArmed = () -> {};
    Runnable whenDisarmed = () -> {};
    int polls;
    int arms;
    int disarms;

    @Override
    public int poll(long nowNs) {
        polls++;
        final Runnable item = work.poll();
        if (item == null) {
            return 0;
        }
        item.run();
        return 1;
    }

    @Override
    public boolean arm() {
        arms++;
        whenArmed.run();
        return work.isEmpty();
    }

    @Override
    public void disarm() {
        disarms++;
        whenDisarmed.run();
    }
}
