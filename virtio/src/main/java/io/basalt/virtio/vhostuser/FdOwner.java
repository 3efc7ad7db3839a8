package io.basalt.virtio.vhostuser;

import io.basalt.reactor.Signal;

/// What a session may do to the descriptors a front end sent, besides mapping them. Session's owner thread only.
public interface FdOwner {
    /// Close a descriptor. Called exactly once for each one that was handed to the session or made for it.
    void close(int fd);

    /// Accept a descriptor as an event: only an eventfd is one, and it is made non-blocking, so that neither a
    /// regular file nor a full counter can ever hold up a queue.
    ///
    /// @throws RefusedException saying what the descriptor is instead
    void requireEvent(int fd) throws RefusedException;

    /// A signal that writes to an event descriptor. Valid until the descriptor is closed, which the session
    /// does after every user of the signal has acknowledged that it is gone.
    Signal signal(int fd);
}
