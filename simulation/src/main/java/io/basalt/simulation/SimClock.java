package io.basalt.simulation;

import io.basalt.reactor.NanoClock;

/// The world's time: stands still while processes run, moves to the next event when all are idle. The world's
/// thread.
public final class SimClock implements NanoClock {
    private long nowNs;

    @Override
    public long nanoTime() {
        return nowNs;
    }

    void advanceTo(long newNowNs) {
        assert newNowNs >= nowNs : "time goes back";
        nowNs = newNowNs;
    }
}
