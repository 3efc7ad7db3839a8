package io.basalt.reactor;

import io.basalt.testkit.ManualClock;
import java.util.ArrayList;
import java.util.List;

/// A reactor driven by the test's own thread.
final class ReactorFixture {
    static final long SPIN_NS = 1000;

    final ManualClock clock = new ManualClock(-5_000_000_000L);
    final FakeEngine engine = new FakeEngine();
    final List<Object> faultSources = new ArrayList<>();
    final List<Throwable> faults = new ArrayList<>();
    final Reactor reactor;
    int clockReads;

    ReactorFixture(IdleMode mode) {
        this(ReactorConfiguration.of("test", 3).withIdleMode(mode).withSpinNs(SPIN_NS));
    }

    ReactorFixture(ReactorConfiguration configuration) {
        reactor = new Reactor(configuration, this::readClock, engine, () -> true, (where, source, fault) -> {
            faultSources.add(source);
            faults.add(fault);
        });
    }

    /// Turns the loop so often that an adaptive reactor has had the time to fall asleep, once.
    void turnToSleep() {
        reactor.turn();
        clock.advance(SPIN_NS);
        reactor.turn();
    }

    private long readClock() {
        clockReads++;
        return clock.nanoTime();
    }
}
