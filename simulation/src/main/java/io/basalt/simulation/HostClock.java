package io.basalt.simulation;

import io.basalt.reactor.NanoClock;

/// What one host takes for time: begins anywhere, and is a little fast or slow until somebody sets it right.
final class HostClock implements NanoClock {
    private static final long MILLION = 1_000_000;

    private final SimClock world;
    private long offsetNs;
    private long perMillion;

    /// @param offsetNs what it shows when the world begins
    /// @param perMillion how much it is fast; negative if it is slow
    HostClock(SimClock world, long offsetNs, long perMillion) {
        this.world = world;
        this.offsetNs = offsetNs;
        this.perMillion = perMillion;
    }

    @Override
    public long nanoTime() {
        return offsetNs + shown(world.nanoTime());
    }

    /// Be neither fast nor slow from now on.
    void steady() {
        offsetNs = nanoTime() - world.nanoTime();
        perMillion = 0;
    }

    /// How long the world takes until so much has passed here: a little more rather than less.
    long worldNs(long hostNs) {
        if (perMillion == 0) {
            return hostNs;
        }
        final long rate = MILLION + perMillion;
        return hostNs / rate * MILLION + hostNs % rate * MILLION / rate + 2;
    }

    private long shown(long ns) {
        return ns + ns / MILLION * perMillion + ns % MILLION * perMillion / MILLION;
    }
}
