package io.basalt.store;

import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.uring.UringEngine;
import java.util.function.BooleanSupplier;

/// A reactor on a real io_uring, driven by the test's own thread.
public final class TestReactor implements AutoCloseable {
    private static final long BOUND_NS = 120_000_000_000L;

    private final UringEngine engine;
    private final Reactor reactor;

    public TestReactor(int id, int entries) {
        engine = UringEngine.open(entries);
        final Thread owner = Thread.currentThread();
        reactor = new Reactor(
                ReactorConfiguration.of("test-" + id, id),
                System::nanoTime,
                engine,
                () -> owner.equals(Thread.currentThread()),
                (_, source, fault) -> {
                    throw new AssertionError("fault in " + source, fault);
                });
    }

    public Reactor reactor() {
        return reactor;
    }

    /// Make passes until a condition holds.
    public void until(String description, BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > BOUND_NS) {
                throw new AssertionError("still not so: " + description);
            }
            reactor.runOnce();
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
