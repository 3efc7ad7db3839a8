package io.basalt.simulation;

import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;

/// A production reactor in simulated time. What it throws ends the simulation.
final class SimReactor {
    private final SimEngine engine;
    private final Reactor reactor;

    SimReactor(World world, String name) {
        engine = new SimEngine(world.clock());
        reactor = new Reactor(
                ReactorConfiguration.of(name, 0).withIdleMode(IdleMode.INTERRUPT),
                world.clock(),
                engine,
                () -> true,
                (at, source, fault) -> {
                    throw new AssertionError(at + ": " + source + " failed", fault);
                });
    }

    Reactor reactor() {
        return reactor;
    }

    SimEngine engine() {
        return engine;
    }

    int turn() {
        return reactor.turn();
    }

    long wakeAtNs() {
        return engine.wakeAtNs();
    }
}
