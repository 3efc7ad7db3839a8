package io.basalt.gate.daemon;

import io.basalt.gate.handover.HandoverChannel;
import io.basalt.linux.LinuxException;
import io.basalt.linux.socket.PeerCredentials;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Where the two processes of a hand-over meet: a socket in the old one's data folder that only its
/// user may use, who is asked for at both ends. Control reactor.
final class HandoverDoor implements AutoCloseable {
    private static final int PERMISSIONS = 0600;
    private static final int BACKLOG = 2;

    private final Reactor control;
    private final UnixListener listener;
    private final int watch;

    /// @param taker takes the socket of a process of the same user; once is enough
    HandoverDoor(Reactor control, Path path, Consumer<UnixSocket> taker) {
        this.control = control;
        UnixListener.removeStale(path);
        this.listener = UnixListener.listen(path, PERMISSIONS, BACKLOG);
        final int own = userOf(path);
        this.watch = control.engine().watch(listener.fd(), UringSpec.POLLIN, _ -> accept(own, taker));
    }

    private void accept(int own, Consumer<UnixSocket> taker) {
        for (int fd = listener.accept(); fd >= 0; fd = listener.accept()) {
            final UnixSocket socket = UnixSocket.adopt(fd);
            if (isOf(own, socket)) {
                taker.accept(socket);
            } else {
                socket.close();
            }
        }
    }

    private static boolean isOf(int user, UnixSocket socket) {
        try {
            final PeerCredentials peer = socket.peerCredentials();
            return peer.uid() == user;
        } catch (LinuxException unknown) {
            return false;
        }
    }

    private static int userOf(Path path) {
        try {
            return (Integer) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell the owner of " + path, e);
        }
    }

    /// Come in from the other side.
    ///
    /// @throws IllegalStateException if nobody of the same user is there
    static HandoverChannel enter(Reactor control, Path path, HandoverChannel.Listener listener) {
        return new HandoverChannel(control, connect(path), listener);
    }

    /// The same, with what is to be said left to the caller.
    ///
    /// @throws IllegalStateException if nobody of the same user is there
    static UnixSocket connect(Path path) {
        final int fd = UnixSocket.connect(path);
        if (fd < 0) {
            throw new IllegalStateException("nobody waits at " + path + ": " + io.basalt.linux.Errno.describe(-fd));
        }
        final UnixSocket socket = UnixSocket.adopt(fd);
        if (!isOf(userOf(path), socket)) {
            socket.close();
            throw new IllegalStateException("the process at " + path + " belongs to another user");
        }
        return socket;
    }

    @Override
    public void close() {
        control.engine().unwatch(watch);
        listener.close();
    }
}
