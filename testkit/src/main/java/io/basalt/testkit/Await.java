package io.basalt.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waiting for what another thread or process brings about, with a bound: for tests of real threads only.
public final class Await {
    /// The bound that suits anything which is a matter of milliseconds on an idle machine: a busy one may take
    /// a thousand times as long, and only a failing test waits for the end of it.
    public static final Duration LONG_ENOUGH = Duration.ofMinutes(2);

    private static final long PAUSE_NS = 200_000;

    private Await() {}

    /// Looks at the condition again and again until it holds, for at most [#LONG_ENOUGH].
    ///
    /// @throws AssertionError if the bound passes first
    public static void until(String description, BooleanSupplier condition) {
        until(description, LONG_ENOUGH, condition);
    }

    /// Looks at the condition again and again until it holds.
    ///
    /// @param description what is awaited, for the failure's message
    /// @throws AssertionError if the bound passes first
    public static void until(String description, Duration bound, BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startNs > bound.toNanos()) {
                throw new AssertionError("after " + bound + " still not so: " + description);
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }
}
