package io.basalt.reactor;

/// What a reactor calls when a watched file descriptor becomes ready.
@FunctionalInterface
public interface FdHandler {
    /// The descriptor is ready. Runs in the owner reactor's thread.
    ///
    /// @param events poll(2) bits: POLLIN 1, POLLOUT 4, POLLERR 8, POLLHUP 16; a negative errno if watching ended
    void ready(int events);
}
