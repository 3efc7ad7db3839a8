package io.basalt.gate.nbd;

import io.basalt.gate.rpc.ExportSpec;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.InternetAddress;
import io.basalt.linux.socket.TcpSocket;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.uring.UringSpec;
import io.basalt.nbd.Export;
import io.basalt.nbd.Handshake;
import io.basalt.net.NodeAddress;
import io.basalt.net.tcp.UringStreams;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One place where clients connect, with the exports that they may choose there. Control reactor.
///
/// Who has not finished its handshake costs little and is bounded: by number ([#GREETINGS_MAX]; more
/// wait in the kernel) and by time ([Greeting]). No volume is touched for it.
final class Door implements Handshake.Directory {
    private static final int BACKLOG = 128;
    private static final int GREETINGS_MAX = 64;
    private static final long PAUSE_NS = 100_000_000L;

    private final Reactor control;
    private final UringStreams streams;
    private final Supplier<DataSide> sides;
    private final @Nullable UnixListener listener;
    private final @Nullable FileDescriptor socket;
    private final String place;
    private final int watch;
    private final List<Exported> exports = new ArrayList<>();
    private final List<Greeting> greetings = new ArrayList<>();
    private @Nullable Timer pause;
    private boolean closed;

    /// @param sides where the next connection is to live
    /// @throws io.basalt.linux.LinuxException if the place cannot be listened on
    Door(Reactor control, UringStreams streams, ExportSpec spec, Supplier<DataSide> sides) {
        this.control = control;
        this.streams = streams;
        this.sides = sides;
        place = spec.place();
        final NodeAddress address = spec.address();
        if (address == null) {
            final Path path = Objects.requireNonNull(spec.socket(), "an export has a socket or an address");
            UnixListener.removeStale(path);
            listener = UnixListener.listen(path, 0600, BACKLOG);
            socket = null;
        } else {
            listener = null;
            socket = TcpSocket.listen(InternetAddress.of(address.host(), address.port()), place, BACKLOG);
            FileDescriptor.nonBlocking(socket.number(), true);
        }
        watch = control.engine().watch(listeningFd(), UringSpec.POLLIN, _ -> accept());
    }

    private int listeningFd() {
        return listener == null ? Objects.requireNonNull(socket).number() : listener.fd();
    }

    void add(Exported export) {
        exports.add(export);
    }

    /// Show an export here no longer.
    ///
    /// @return whether that was the last one
    boolean remove(Exported export) {
        exports.remove(export);
        return exports.isEmpty();
    }

    @Override
    public List<Export> exports() {
        return exports.stream().map(Exported::export).toList();
    }

    /// The empty name is that of the only export.
    @Override
    public @Nullable Export find(String name) {
        if (name.isEmpty() && exports.size() == 1) {
            return exports.getFirst().export();
        }
        for (final Exported export : exports) {
            if (export.spec().name().equals(name)) {
                return export.export();
            }
        }
        return null;
    }

    private void accept() {
        while (!closed && greetings.size() < GREETINGS_MAX) {
            final int fd = listener == null ? TcpSocket.accept(listeningFd()) : listener.accept();
            if (fd < 0) {
                // Nobody waits, or no number is free: then somebody may wait whom no event tells of.
                if (pause == null && fd != -io.basalt.linux.Errno.EAGAIN) {
                    pause = control.schedule(PAUSE_NS, () -> {
                        pause = null;
                        accept();
                    });
                }
                return;
            }
            FileDescriptor.nonBlocking(fd, false);
            final String peer = listener == null ? TcpSocket.peerName(fd) : place;
            final Greeting greeting = new Greeting(control, this, peer, this::ended);
            greetings.add(greeting);
            greeting.begin(streams.adopt(FileDescriptor.adopt(fd), peer, greeting));
        }
    }

    private void ended(Greeting greeting) {
        greetings.remove(greeting);
        accept();
    }

    /// A client has chosen.
    void admit(Greeting greeting, FileDescriptor chosen, byte[] leftover) {
        for (final Exported export : exports) {
            if (export.export().equals(greeting.agreement().export())) {
                export.admit(chosen, greeting.peer(), greeting.agreement(), leftover, sides.get());
                return;
            }
        }
        chosen.close();
    }

    /// Listen no more, and hang up on those who have not chosen.
    void close() {
        closed = true;
        control.engine().unwatch(watch);
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
        if (listener != null) {
            listener.close();
        }
        if (socket != null) {
            socket.close();
        }
        List.copyOf(greetings).forEach(greeting -> greeting.hangUp("closed by the server"));
    }
}
