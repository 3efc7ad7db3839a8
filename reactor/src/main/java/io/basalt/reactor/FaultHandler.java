package io.basalt.reactor;

/// Where a reactor reports what was thrown out of a piece of work that runs in it.
///
/// A `RuntimeException`, or the `InternalError` that the JVM raises for memory that another process took away, ends
/// only the piece of work that threw it; the reactor goes on. Any other `Error`, a failed assertion above all, is
/// not caught: it leaves the loop and stops the process.
@FunctionalInterface
public interface FaultHandler {
    /// A piece of work has failed. Runs in the reactor's thread, must not throw.
    ///
    /// @param reactor where it ran
    /// @param source what failed: a [Poller], which the reactor has removed; a [TimerTask], which is not scheduled
    ///     any more; the `Runnable` that was posted; or the [Engine], when a completion's handler threw
    /// @param fault what it threw
    void faulted(Reactor reactor, Object source, Throwable fault);
}
