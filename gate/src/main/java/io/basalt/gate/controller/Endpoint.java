package io.basalt.gate.controller;

import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/// Where connections of front ends come from. Control reactor.
interface Endpoint {
    /// The endpoint of a controller.
    ///
    /// @param inherited a listening socket made by somebody else, owned from now on; or null
    /// @throws io.basalt.linux.LinuxException if the socket cannot be made
    static Endpoint of(
            ControllerSpec spec, Reactor control, @Nullable UnixListener inherited, ForeignFds foreign, Taker taker) {
        if (spec.mode() == ControllerSpec.Mode.CLIENT) {
            return new ConnectingEndpoint(control, spec.socket(), taker);
        }
        if (inherited != null) {
            return new ListeningEndpoint(control, inherited, foreign, taker);
        }
        if (UnixListener.removeStale(spec.socket())) {
            System.getLogger(Endpoint.class.getName())
                    .log(Level.INFO, "controller={0} removed the stale socket {1}", spec.name(), spec.socket());
        }
        return new ListeningEndpoint(
                control, UnixListener.listen(spec.socket(), 0600, ListeningEndpoint.BACKLOG), foreign, taker);
    }

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

        /// Whether a connection is to be hung up on at once, rather than wait.
        boolean full();

        /// A connection was hung up on because of [#full()].
        void refused();

        /// Take a connection; only called while [#free()].
        ///
        /// @param fd connected non-blocking socket, the taker's from now on
        void take(int fd);
    }
}
