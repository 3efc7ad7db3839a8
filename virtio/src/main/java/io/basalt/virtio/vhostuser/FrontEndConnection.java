package io.basalt.virtio.vhostuser;

import java.lang.foreign.MemorySegment;

/// The socket between a session and its front end, as the session uses it. Session's owner thread only; no
/// method may call back into the session before it returns.
public interface FrontEndConnection {
    /// Send one whole message in a single write.
    ///
    /// @param message valid during the call only
    /// @param fd descriptor to pass with the first byte, or -1. It stays the session's, which closes it
    ///     after the call: who must send later duplicates it
    /// @return false if the front end is gone or does not read its replies; the session then closes
    boolean send(MemorySegment message, int fd);

    /// Send one whole message on the socket that SET_BACKEND_REQ_FD named. Never blocks. No answer is
    /// expected.
    ///
    /// @param backendFd that socket, owned by the session
    /// @param message valid during the call only
    /// @return false if it could not be sent now
    boolean sendRequest(int backendFd, MemorySegment message);

    /// [VhostUserSession#bytesWanted()] has become positive again: the socket is to be read.
    void inputWanted();

    /// The session ends: the socket is of no more use and may be closed. Queues are still being stopped.
    ///
    /// @param reason for the log
    void closing(String reason);

    /// The session goes on in another process, which has its own descriptor of the socket: this one is to
    /// be closed without a hang-up. Everything else is released. The last call of such a session.
    void surrendered();

    /// Every queue has stopped, every mapping is gone, every descriptor closed. The last call of a session;
    /// only after it may another session serve the same queues.
    void closed();
}
