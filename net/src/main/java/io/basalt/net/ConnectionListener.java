package io.basalt.net;

/// What the owner of a connection hears about it, in its reactor's thread. Control plane.
public interface ConnectionListener {
    /// Both sides have proved who they are; requests may be sent.
    void ready(Connection connection);

    /// The connection is over. Every call has been completed before.
    ///
    /// @param reason for people: what happened, and who closed it
    void closed(Connection connection, String reason);
}
