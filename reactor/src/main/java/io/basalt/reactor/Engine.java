package io.basalt.reactor;

/// The I/O side of a reactor: where it submits, reaps completions, watches descriptors and sleeps. In production an
/// io_uring of the reactor's own ([io.basalt.reactor.uring.UringEngine]); under test and simulation a fake.
///
/// Every method but [#wake()] belongs to the owner reactor's thread.
public interface Engine extends AutoCloseable {
    /// Submit what is queued and deliver the completions that are ready. Never blocks; makes no system call when
    /// there is nothing to submit and nothing has completed.
    ///
    /// @return requests submitted and completions delivered
    int poll();

    /// Submit what is queued, then block until a completion or watched descriptor is ready, [#wake()] is called, or
    /// the time is up. A wake that came before the call makes it return at once.
    ///
    /// Delivers nothing: what has completed waits for the next [#poll()], which runs in a pass that has read the
    /// clock after the sleep, so that no handler sees the time of before it.
    ///
    /// @param timeoutNs nanoseconds, `Long.MAX_VALUE` for no limit
    /// @return completions that wait to be delivered, 0 if none is known of
    int sleep(long timeoutNs);

    /// Make a [#sleep(long)] that is under way, or the next one, return. Any thread.
    void wake();

    /// Watch a descriptor for readability (edge-triggered, until [#unwatch(int)]): the handler runs once at once if
    /// it is readable now, and again each time it is signalled.
    ///
    /// @param fd stays the caller's; must stay open until [#unwatch(int)] has returned
    /// @param events poll(2) bits asked for
    /// @return watch number for [#unwatch(int)]
    int watch(int fd, int events, FdHandler handler);

    /// Stop watching. The handler is not called again.
    void unwatch(int watch);

    /// Release everything. No operation may be in flight.
    @Override
    void close();
}
