package io.basalt.endtoend.harness;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Bounded waiting for what another process brings about. Looking costs a call to that process, so it looks
/// seldom; when it gives up it says what the process has printed. The bounds are generous: they end a hang, they
/// measure nothing.
public final class Watch {
    private static final long PAUSE_NS = 10_000_000;

    private Watch() {}

    /// Polls until the condition holds.
    ///
    /// @param what the condition in words, for the failure's text
    /// @param context more for the failure's text, asked for only then
    /// @throws AssertionError when the bound passes first
    public static void until(String what, Duration bound, BooleanSupplier condition, Supplier<String> context) {
        final long end = System.nanoTime() + bound.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError(
                        "within " + bound.toSeconds() + " s this did not come true: " + what + "\n" + context.get());
            }
            LockSupport.parkNanos(PAUSE_NS);
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("interrupted while waiting for: " + what + "\n" + context.get());
            }
        }
    }

    /// As above, with nothing to add to the failure's text.
    public static void until(String what, Duration bound, BooleanSupplier condition) {
        until(what, bound, condition, () -> "");
    }
}
