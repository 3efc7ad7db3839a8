package io.basalt.virtio.vhostuser;

import io.basalt.reactor.Signal;

/// What a session may do to the descriptors a front end sent, besides mapping them. Session's owner thread only.
public interface FdOwner {
    /// Close a descriptor. Called exactly once for each one that was handed to the session or made for it.
    void close(int fd);

    /// Accept a descriptor as an event: only an eventfd is one, so that no file of another kind can hold up a
    /// queue.
    ///
    /// @throws RefusedException saying what the descriptor is instead
    void requireEvent(int fd) throws RefusedException;

    /// A signal to a descriptor that [#requireEvent] has just accepted; raising it never waits, whatever the front
    /// end does to the count and the flags it shares. Valid until the descriptor is closed, which the session
    /// does after every user of the signal has acknowledged that it is gone.
    Signal signal(int fd);
}
