package io.basalt.gate.rpc;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.PeerCredentials;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Engine;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The socket side of the RPC: listens on a Unix socket that only its owner and root may use, and serves many
/// clients at once. Driven by the control reactor's engine; every method belongs to that reactor's thread.
///
/// A client that does not read its answers, or floods, holds up only itself: it is not read until its
/// answers are gone, and what it may send in one go is bounded, so that others get their turn. A client may
/// stay connected as long as it likes while there is room; when all places are taken, the one that has been
/// silent longest gives up its own, unless it waits for an answer.
public final class RpcServer implements AutoCloseable {
    /// Clients served at once; more wait in the listener's backlog.
    public static final int CLIENTS_MAX = 256;

    /// How long a client may be silent, in nanoseconds, when its place is needed.
    static final long SILENCE_NS = 10_000_000_000L;

    private static final Logger LOG = System.getLogger(RpcServer.class.getName());
    private static final int PERMISSIONS = 0600;
    private static final int BACKLOG = 128;
    private static final int CHUNK_BYTES = 64 << 10;
    private static final int CHUNKS_IN_ONE_GO = 8;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    private static final int ROOT = 0;
    private static final int[] NO_FDS = {};
    private static final long FAREWELL_NS = 1_000_000_000L;
    private static final long FAREWELL_STEP_NS = 1_000_000;

    private final Reactor reactor;
    private final Engine engine;
    private final RpcDispatcher dispatcher;
    private final Path path;
    private final UnixListener listener;
    private final IntPredicate userAllowed;
    private final long silenceNs;

    /// Who has been silent longest comes first.
    private final Set<Client> clients = new LinkedHashSet<>();

    private final MemorySegment nativeChunk = Arena.ofAuto().allocate(CHUNK_BYTES);
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private final int watch;
    private @Nullable Timer sweep;
    private boolean closed;

    private RpcServer(
            Reactor reactor,
            RpcDispatcher dispatcher,
            Path path,
            UnixListener listener,
            IntPredicate userAllowed,
            long silenceNs) {
        this.reactor = reactor;
        this.silenceNs = silenceNs;
        engine = reactor.engine();
        this.dispatcher = dispatcher;
        this.path = path;
        this.listener = listener;
        this.userAllowed = userAllowed;
        watch = engine.watch(listener.fd(), POLLIN, _ -> accept());
    }

    /// Listen on a path, in the control reactor's thread. A socket file that a dead process left is removed first.
    ///
    /// @param reactor the control reactor
    /// @param path in a directory that exists, up to 107 bytes
    /// @throws RpcError if somebody else listens there, or something other than a socket is there
    /// @throws LinuxException if the kernel refuses
    public static RpcServer listen(Reactor reactor, RpcDispatcher dispatcher, Path path) {
        final UnixListener listener = open(path);
        try {
            final int own = owner(path);
            return new RpcServer(reactor, dispatcher, path, listener, uid -> uid == own || uid == ROOT, SILENCE_NS);
        } catch (UncheckedIOException e) {
            listener.close();
            throw e;
        }
    }

    /// The same with other rules.
    ///
    /// @param userAllowed asked for each client's user id
    /// @param silenceNs as [#SILENCE_NS]
    static RpcServer listen(
            Reactor reactor, RpcDispatcher dispatcher, Path path, IntPredicate userAllowed, long silenceNs) {
        return new RpcServer(reactor, dispatcher, path, open(path), userAllowed, silenceNs);
    }

    /// Listen on a socket that listens already, as the process before has left it.
    ///
    /// @param listener the server's from now on
    /// @param path where it listens
    public static RpcServer adopt(Reactor reactor, RpcDispatcher dispatcher, Path path, UnixListener listener) {
        final int own = owner(path);
        return new RpcServer(
                reactor, dispatcher, path, listener.owning(path), uid -> uid == own || uid == ROOT, SILENCE_NS);
    }

    private static UnixListener open(Path path) {
        if (UnixListener.removeStale(path)) {
            LOG.log(Level.INFO, "removed the stale socket " + path);
        }
        try {
            return UnixListener.listen(path, PERMISSIONS, BACKLOG);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EADDRINUSE) {
                throw e;
            }
            throw RpcError.busy(
                    "rpc_socket",
                    path + " is in use by another process, or is no socket",
                    "stop the gate that uses it, or choose another path");
        }
    }

    /// The user that this process makes files as.
    private static int owner(Path socket) {
        try {
            return (Integer) Files.getAttribute(socket, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell the owner of " + socket, e);
        }
    }

    /// The listening socket, which stays the server's.
    public int fd() {
        return listener.fd();
    }

    /// Stop listening, and leave the socket to another process that listens on it. Clients that are connected get
    /// the answers that they wait for.
    ///
    /// @param done run when they have got them, or some time has passed
    public void surrender(Runnable done) {
        if (!closed) {
            closed = true;
            engine.unwatch(watch);
            FileDescriptor.close(listener.release());
            farewell(reactor.nowNs() + FAREWELL_NS, done);
        }
    }

    private void farewell(long deadlineNs, Runnable done) {
        final boolean served = clients.stream().allMatch(Client::isServed);
        if (served || reactor.nowNs() - deadlineNs >= 0) {
            List.copyOf(clients).forEach(Client::drop);
            done.run();
        } else {
            reactor.schedule(FAREWELL_STEP_NS, () -> farewell(deadlineNs, done));
        }
    }

    /// Where it listens.
    public Path path() {
        return path;
    }

    /// Clients connected now.
    public int clientCount() {
        return clients.size();
    }

    private void accept() {
        while (!closed && (clients.size() < CLIENTS_MAX || makeRoom())) {
            final int fd = listener.accept();
            if (fd == -Errno.EAGAIN) {
                return;
            }
            if (fd < 0) {
                LOG.log(Level.WARNING, "RPC socket " + path + ": accept failed: " + Errno.describe(fd));
                if (fd == -Errno.EMFILE || fd == -Errno.ENOBUFS || fd == -Errno.ENOMEM) {
                    return;
                }
                continue;
            }
            greet(UnixSocket.adopt(fd));
        }
    }

    /// Hang up on the client that has been silent longest, if that is long enough; else look again when it will be.
    /// Whether somebody waits for the place cannot be known: one more place than needed may become free.
    private boolean makeRoom() {
        assert clients.size() == CLIENTS_MAX;
        long waitNs = silenceNs;
        for (final Client client : clients) {
            if (client.connection.callsWaiting() > 0) {
                continue;
            }
            waitNs = client.activeNs + silenceNs - reactor.nowNs();
            if (waitNs <= 0) {
                LOG.log(
                        Level.WARNING,
                        "RPC socket " + path + ": " + CLIENTS_MAX
                                + " clients; hung up on the one that has been silent longest");
                client.drop();
                return true;
            }
            break;
        }
        if (sweep == null) {
            sweep = reactor.schedule(waitNs, () -> {
                sweep = null;
                accept();
            });
        }
        return false;
    }

    private void greet(UnixSocket socket) {
        if (!allowed(socket)) {
            socket.close();
            return;
        }
        final Client client = new Client(socket);
        clients.add(client);
        client.start();
    }

    private boolean allowed(UnixSocket socket) {
        try {
            final PeerCredentials peer = socket.peerCredentials();
            if (userAllowed.test(peer.uid())) {
                return true;
            }
            LOG.log(Level.WARNING, "RPC socket " + path + ": refused process " + peer.pid() + " of user " + peer.uid());
        } catch (LinuxException e) {
            LOG.log(Level.WARNING, "RPC socket " + path + ": cannot tell who connected", e);
        }
        return false;
    }

    /// Stop listening, drop the clients and remove the socket file. Calls that wait complete into nothing.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            engine.unwatch(watch);
            if (sweep != null) {
                sweep.cancel();
            }
            List.copyOf(clients).forEach(Client::close);
            listener.close();
        }
    }

    /// One client: its socket, and what was received and not answered.
    private final class Client {
        private final UnixSocket socket;
        private final RpcConnection connection = new RpcConnection(dispatcher, this::schedule);
        private long activeNs = reactor.nowNs();
        private int clientWatch = -1;
        private int sentBytes;
        private boolean ended;
        private boolean scheduled;

        Client(UnixSocket socket) {
            this.socket = socket;
        }

        void start() {
            clientWatch = engine.watch(socket.fd(), POLLIN | POLLOUT, _ -> pump());
        }

        private void schedule() {
            if (!scheduled) {
                scheduled = true;
                reactor.post(() -> {
                    scheduled = false;
                    pump();
                });
            }
        }

        /// The client lives: it has sent something, or taken some of its answers.
        private void active() {
            activeNs = reactor.nowNs();
            clients.remove(this);
            clients.add(this);
        }

        /// Send and receive as far as possible without waiting.
        private void pump() {
            for (int round = 0; round < CHUNKS_IN_ONE_GO && socket.isOpen(); round++) {
                flush();
                if (!socket.isOpen() || finished() || ended || connection.broken() || connection.congested()) {
                    return;
                }
                final int length = socket.receive(nativeChunk, CHUNK_BYTES, NO_FDS);
                if (length == -Errno.EAGAIN) {
                    return;
                }
                if (length < 0) {
                    close();
                    return;
                }
                if (length == 0) {
                    ended = true;
                } else {
                    MemorySegment.copy(nativeChunk, ValueLayout.JAVA_BYTE, 0, chunk, 0, length);
                    active();
                    connection.receive(chunk, 0, length);
                }
            }
            if (socket.isOpen()) {
                schedule();
            }
        }

        /// Close a client that has sent everything and got everything.
        private boolean finished() {
            final boolean nothingToCome = connection.broken() || (ended && connection.callsWaiting() == 0);
            if (nothingToCome && connection.output() == null) {
                close();
                return true;
            }
            return false;
        }

        private void flush() {
            byte[] bytes = connection.output();
            while (bytes != null && send(bytes)) {
                if (!connection.congested()) {
                    connection.resume();
                }
                bytes = connection.output();
            }
            if (bytes == null && socket.isOpen() && !connection.congested()) {
                connection.resume();
            }
        }

        /// @return true if all of it has gone
        private boolean send(byte[] bytes) {
            while (sentBytes < bytes.length) {
                final int length = Math.min(bytes.length - sentBytes, CHUNK_BYTES);
                MemorySegment.copy(bytes, sentBytes, nativeChunk, ValueLayout.JAVA_BYTE, 0, length);
                final int result = socket.send(nativeChunk, 0, length);
                if (result == -Errno.EAGAIN) {
                    return false;
                }
                if (result < 0) {
                    close();
                    return false;
                }
                active();
                sentBytes += result;
            }
            sentBytes = 0;
            connection.sent();
            return true;
        }

        private void close() {
            if (socket.isOpen()) {
                drop();
                accept();
            }
        }

        boolean isServed() {
            return connection.callsWaiting() == 0 && connection.output() == null;
        }

        private void drop() {
            engine.unwatch(clientWatch);
            socket.close();
            clients.remove(this);
        }
    }
}
