package io.basalt.simulation;

import io.basalt.net.sim.SimEndpoint;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import java.util.ArrayList;
import java.util.List;

/// A production reactor in simulated time, with the networks that it drives. What it throws ends the simulation.
final class SimReactor {
    private final SimClock clock;
    private final SimEngine engine;
    private final Reactor reactor;
    private final List<SimEndpoint> networks = new ArrayList<>();
    private long pausedUntilNs;

    SimReactor(World world, String host, String name) {
        clock = world.clock();
        final HostClock own = world.clockOf(host);
        engine = new SimEngine(clock, own);
        reactor = new Reactor(
                ReactorConfiguration.of(host + "-" + name, 0).withIdleMode(IdleMode.INTERRUPT),
                own,
                engine,
                () -> true,
                (at, source, fault) -> {
                    throw new AssertionError(at + ": " + source + " failed", fault);
                });
    }

    Reactor reactor() {
        return reactor;
    }

    void add(SimEndpoint network) {
        networks.add(network);
    }

    /// Something has happened to a descriptor that is watched here.
    void signal(int fd) {
        engine.signal(fd);
    }

    int turn() {
        return reactor.step();
    }

    /// Let the thread not run for a while, as one that is stopped or not scheduled.
    void pause(long untilNs) {
        pausedUntilNs = Math.max(pausedUntilNs, untilNs);
    }

    /// When there is something to do at the earliest; in the past if there is now.
    long dueNs() {
        long dueNs = engine.wakeAtNs();
        for (int index = 0; index < networks.size() && dueNs > clock.nanoTime(); index++) {
            dueNs = Math.min(dueNs, networks.get(index).nextEventNs());
        }
        return Math.max(dueNs, pausedUntilNs);
    }
}
