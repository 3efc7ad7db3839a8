package io.basalt.gate.controller;

import io.basalt.virtio.vhostuser.SessionImage;
import org.jspecify.annotations.Nullable;

/// What a controller's session is made known to, so that it outlives the process. Told of every step,
/// on the control reactor:
///
/// ```
///   hears ──▶ a message is read and handled ──▶ keep ──▶ kept ──▶ hears ...
///     └─────▶ nothing was there ──▶ heardNothing
/// ```
public interface SessionKeeper {
    /// Keeps nothing.
    SessionKeeper NONE = new SessionKeeper() {
        @Override
        public boolean active() {
            return false;
        }

        @Override
        public void hears() {}

        @Override
        public void heardNothing() {}

        @Override
        public void keep(boolean writeback, int connection, @Nullable SessionImage session, Runnable kept) {
            kept.run();
        }
    };

    /// Whether sessions are kept now.
    boolean active();

    /// Bytes are about to be taken from the front end: what was kept may not be true any more.
    void hears();

    /// There were none, and no message has begun: what was kept is still true.
    void heardNothing();

    /// Keep the session as it is now.
    ///
    /// @param writeback whether the guest is told of a write cache
    /// @param connection the front end's connection, -1 if there is none; it stays the controller's
    /// @param session null if there is none; its descriptors stay the session's
    /// @param kept run when it is kept, or need not be: at once, or later. The front end is not heard
    ///     before
    void keep(boolean writeback, int connection, @Nullable SessionImage session, Runnable kept);

    /// What keeps the sessions of each controller.
    @FunctionalInterface
    interface Source {
        /// The keeper of a controller, the same one each time.
        SessionKeeper of(String controller);
    }
}
