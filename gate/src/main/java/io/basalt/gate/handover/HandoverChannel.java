package io.basalt.gate.handover;

import io.basalt.linux.Errno;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.MetaFormatException;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The socket between two gates, as messages with descriptors. Control reactor.
///
/// Descriptors to be sent are duplicated at once, so that their owners may close them; those that
/// came and were not handed out in a message are closed with the channel.
public final class HandoverChannel implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 << 10;
    private static final long AGAIN_NS = 1_000_000;

    private final Reactor control;
    private final HandoverSocket socket;
    private final Listener listener;
    private final MemorySegment chunk = Arena.ofAuto().allocate(CHUNK_BYTES);
    private final int[] received = new int[HandoverSocket.FDS_MAX];
    private final List<Integer> fds = new ArrayList<>();
    private final Deque<Packet> outgoing = new ArrayDeque<>();
    private final int watch;
    private ByteArrayOutputStream input = new ByteArrayOutputStream();
    private boolean closed;

    /// Who hears of messages. Not called from within [#send].
    public interface Listener {
        /// A message has come; its descriptors are the listener's.
        void received(HandoverMessage message);

        /// Nothing more will come: the other side has ended, or does not speak as it must. Told once,
        /// and not after [HandoverChannel#close()].
        void ended(String reason);
    }

    /// Bytes that go out in one write, with the descriptors that travel with the first.
    private static final class Packet {
        final byte[] bytes;
        final int[] fds;
        final Runnable gone;
        int sent;

        Packet(byte[] bytes, int[] fds, Runnable gone) {
            this.bytes = bytes;
            this.fds = fds;
            this.gone = gone;
        }

        void closeFds(HandoverSocket socket) {
            for (final int fd : fds) {
                socket.closeFd(fd);
            }
        }
    }

    /// @param socket connected; the channel's from now on
    public HandoverChannel(Reactor control, UnixSocket socket, Listener listener) {
        this(control, new UnixHandoverSocket(socket), listener);
    }

    /// @param socket connected; the channel's from now on
    public HandoverChannel(Reactor control, HandoverSocket socket, Listener listener) {
        this.control = control;
        this.socket = socket;
        this.listener = listener;
        this.watch = control.engine()
                .watch(socket.fd(), UringSpec.POLLIN | UringSpec.POLLOUT | UringSpec.POLLHUP, _ -> pump());
    }

    /// Send a message; it goes as fast as the other side reads.
    public void send(HandoverMessage message) {
        send(message, () -> {});
    }

    /// Send a message.
    ///
    /// @param gone run when the other side will find it, even if this process dies; never, if the
    ///     channel ends before
    public void send(HandoverMessage message, Runnable gone) {
        if (closed) {
            return;
        }
        final HandoverCodec.Frame frame = HandoverCodec.encode(message);
        final int[] own = duplicates(frame.fds());
        int byteAt = 0;
        int fdAt = 0;
        while (own.length - fdAt > HandoverSocket.FDS_MAX) {
            // The rows of descriptors before the last go with one byte of the header each.
            outgoing.add(new Packet(
                    Arrays.copyOfRange(frame.bytes(), byteAt, byteAt + 1),
                    Arrays.copyOfRange(own, fdAt, fdAt + HandoverSocket.FDS_MAX),
                    () -> {}));
            byteAt++;
            fdAt += HandoverSocket.FDS_MAX;
        }
        outgoing.add(new Packet(
                Arrays.copyOfRange(frame.bytes(), byteAt, frame.bytes().length),
                Arrays.copyOfRange(own, fdAt, own.length),
                gone));
        control.post(this::flush);
    }

    private int[] duplicates(List<Integer> fds) {
        final int[] own = new int[fds.size()];
        for (int i = 0; i < own.length; i++) {
            own[i] = socket.duplicate(fds.get(i));
            if (own[i] < 0) {
                for (int made = 0; made < i; made++) {
                    socket.closeFd(own[made]);
                }
                throw new io.basalt.linux.LinuxException("fcntl F_DUPFD_CLOEXEC", -own[i], "fd " + fds.get(i));
            }
        }
        return own;
    }

    private void pump() {
        flush();
        receive();
    }

    private void flush() {
        while (!closed && !outgoing.isEmpty()) {
            final Packet packet = outgoing.getFirst();
            final int length = Math.min(packet.bytes.length - packet.sent, CHUNK_BYTES);
            MemorySegment.copy(packet.bytes, packet.sent, chunk, ValueLayout.JAVA_BYTE, 0, length);
            final int result = socket.send(chunk, 0, length, packet.fds, packet.sent == 0 ? packet.fds.length : 0);
            if (result == -Errno.EAGAIN) {
                return;
            }
            if (result == -Errno.ETOOMANYREFS) {
                control.schedule(AGAIN_NS, this::flush);
                return;
            }
            if (result < 0) {
                // The other side may have said something before it went.
                receive();
                end("send: " + Errno.describe(-result));
                return;
            }
            if (packet.sent == 0) {
                packet.closeFds(socket);
            }
            packet.sent += result;
            if (packet.sent == packet.bytes.length) {
                outgoing.removeFirst();
                packet.gone.run();
            }
        }
    }

    private void receive() {
        while (!closed) {
            final int result = socket.receive(chunk, CHUNK_BYTES, received);
            if (result == -Errno.EAGAIN) {
                return;
            }
            if (result == -Errno.EINTR) {
                continue;
            }
            if (result <= 0) {
                end(result == 0 ? "the other gate has hung up" : "receive: " + Errno.describe(-result));
                return;
            }
            for (int i = 0; i < socket.receivedFds(); i++) {
                fds.add(received[i]);
            }
            final byte[] bytes = new byte[result];
            MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, bytes, 0, result);
            input.writeBytes(bytes);
            deliver();
        }
    }

    /// Hear now what the other side had said before it died, instead of when the reactor finds it.
    public void readRest() {
        receive();
    }

    private void deliver() {
        try {
            HandoverMessage message = next();
            while (message != null) {
                listener.received(message);
                message = closed ? null : next();
            }
        } catch (MetaFormatException violation) {
            end(String.valueOf(violation.getMessage()));
        }
    }

    private @Nullable HandoverMessage next() {
        if (input.size() < HandoverFormat.HEADER_BYTES) {
            return null;
        }
        final byte[] all = input.toByteArray();
        final HandoverFormat.Header header = HandoverFormat.header(Arrays.copyOf(all, HandoverFormat.HEADER_BYTES));
        final int end = HandoverFormat.HEADER_BYTES + header.length();
        if (all.length < end) {
            return null;
        }
        if (fds.size() < header.fdCount()) {
            throw new MetaFormatException(
                    "message type " + header.type() + " names " + header.fdCount() + " descriptors, has " + fds.size());
        }
        final byte[] body = Arrays.copyOfRange(all, HandoverFormat.HEADER_BYTES, end);
        HandoverFormat.check(header, body);
        final HandoverMessage message =
                HandoverCodec.decode(header.type(), body, List.copyOf(fds.subList(0, header.fdCount())));
        fds.subList(0, header.fdCount()).clear();
        input = new ByteArrayOutputStream();
        input.write(all, end, all.length - end);
        return message;
    }

    private void end(String reason) {
        if (!closed) {
            close();
            listener.ended(reason);
        }
    }

    /// Hang up; what was not sent is not sent.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        control.engine().unwatch(watch);
        socket.close();
        fds.forEach(socket::closeFd);
        fds.clear();
        for (final Packet packet : outgoing) {
            if (packet.sent == 0) {
                packet.closeFds(socket);
            }
        }
        outgoing.clear();
    }
}
