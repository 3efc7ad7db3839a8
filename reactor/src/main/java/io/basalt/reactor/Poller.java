package io.basalt.reactor;

/// A piece of work that a reactor does again and again: a virtqueue, a connection, a device queue.
///
/// All methods run in the owner reactor's thread, allocate nothing and never block. One that throws ends its
/// poller: see [FaultHandler].
public interface Poller {
    /// Do at most one bounded batch of work.
    ///
    /// @param nowNs the reactor's clock, read once for this pass
    /// @return how much was done; 0 means idle
    int poll(long nowNs);

    /// Ask every source of this poller's work to wake the reactor (re-enable virtqueue notifications, for example),
    /// then look once more: a source that spoke in between would never speak again.
    ///
    /// @return true if there is nothing to do and the reactor may sleep; false if there is work after all
    boolean arm();

    /// Undo [#arm()]: the reactor is awake and polls again. Called once after each call of `arm()`, whatever that
    /// answered.
    void disarm();
}
