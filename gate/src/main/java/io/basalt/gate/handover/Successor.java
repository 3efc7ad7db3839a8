package io.basalt.gate.handover;

/// A new gate, as the old one sees it that has started it.
public interface Successor {
    /// End it, unless it has ended. Any thread.
    ///
    /// @param gone run once, in any thread, when nothing of it runs any more: it then touches neither
    ///     guest memory nor disks
    void destroy(Runnable gone);

    /// What starts new gates.
    @FunctionalInterface
    interface Launcher {
        /// Start one that takes over from a socket. May wait for the operating system.
        ///
        /// @param socket absolute path that the old gate listens on
        /// @param binary program to run instead of this gate's own, or empty
        /// @throws java.io.IOException if it cannot be started
        Successor launch(java.nio.file.Path socket, String binary) throws java.io.IOException;
    }
}
