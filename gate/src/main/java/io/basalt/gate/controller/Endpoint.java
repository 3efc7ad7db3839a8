package io.basalt.gate.controller;

/// Where connections of front ends come from. Control reactor.
interface Endpoint {
    /// Look for a connection now, and go on looking. Called at first and whenever the taker is free again.
    void resume();

    /// Stop, without a trace: another process listens on the same socket, or connects, from now on.
    void surrender();

    /// The listening socket, which stays the endpoint's; -1 if there is none.
    int fd();

    /// Stop, and remove what was made in the file system.
    void close();

    /// Who takes connections.
    interface Taker {
        /// Whether a connection can be taken now; otherwise it waits until [Endpoint#resume()].
        boolean free();

        /// Take a connection; only called while [#free()].
        ///
        /// @param fd connected non-blocking socket, the taker's from now on
        void take(int fd);
    }
}
