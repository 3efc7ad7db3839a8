package io.basalt.net.tcp;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.InternetAddress;
import io.basalt.linux.socket.MessageHeader;
import io.basalt.linux.socket.SocketSpec;
import io.basalt.linux.socket.TcpSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.net.session.ByteStream;
import io.basalt.net.session.Pieces;
import io.basalt.reactor.uring.CompletionHandler;
import io.basalt.reactor.uring.UringEngine;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One connected socket, TCP or Unix, in a reactor's io_uring. A receive is always under way, which
/// makes the socket a source of wake-ups.
///
/// One piece is sent or received by itself; several go as a message with iovecs, whose native memory is
/// made the first time it is needed. A send that finds little room completes with what has gone:
/// progress that is seen tells a slow peer from one that takes nothing.
public final class UringStream implements ByteStream, CompletionHandler {
    private static final int CONNECT = 0;
    private static final int SEND = 1;
    private static final int RECEIVE = 2;
    private static final int CANCEL = 3;
    private static final int KINDS = 4;
    private static final int PIECES_MAX = 512;
    private static final int SEND_FLAGS = SocketSpec.MSG_NOSIGNAL;
    private static final int NO_SLOT = -1;

    private final UringStreams streams;
    private final UringEngine engine;
    private final Handler handler;
    private final String peerAddress;
    private final @Nullable FileDescriptor socket;
    private final @Nullable InternetAddress target;
    private final int number;

    /// Requests of each kind that the kernel has.
    private final boolean[] underWay = new boolean[KINDS];

    /// Requests of each kind that found the submission queue full.
    private final boolean[] waiting = new boolean[KINDS];

    private int fd;
    private int sqeFlags;
    private int slot = NO_SLOT;
    private @Nullable Pieces outgoing;
    private @Nullable Pieces incoming;
    private @Nullable MessageHeader sendHeader;
    private @Nullable MessageHeader receiveHeader;

    /// Whether the socket is likely empty, so that looking before waiting would be in vain.
    private boolean likelyEmpty = true;

    private boolean closing;
    private boolean closed;
    private @Nullable String broken;

    /// @param socket connected, or to be connected to `target`; null if there could be none: `broken`
    ///     says why
    UringStream(
            UringStreams streams,
            Handler handler,
            @Nullable FileDescriptor socket,
            String peerAddress,
            @Nullable InternetAddress target,
            @Nullable String broken) {
        this.streams = streams;
        this.engine = streams.engine();
        this.handler = handler;
        this.socket = socket;
        this.peerAddress = peerAddress;
        this.target = target;
        this.broken = broken;
        number = engine.addHandler(this);
        fd = socket == null ? -1 : socket.number();
    }

    /// Begin: connect, or be connected already. The handler hears of it from a later poll, or at once
    /// if the socket is connected already.
    void start() {
        if (broken != null) {
            streams.retryLater(this);
        } else if (target != null) {
            submit(CONNECT);
        } else {
            useSlot();
            handler.connected();
        }
    }

    @Override
    public void send(Pieces pieces) {
        assert outgoing == null : "one send at a time";
        outgoing = pieces;
        submit(SEND);
    }

    @Override
    public void receive(Pieces pieces) {
        assert incoming == null : "one receive at a time";
        incoming = pieces;
        submit(RECEIVE);
    }

    @Override
    public void close() {
        assert !closing;
        closing = true;
        waiting[CONNECT] = false;
        waiting[SEND] = false;
        waiting[RECEIVE] = false;
        if (socket != null && !underWay[CONNECT]) {
            // Ends what is under way; a socket that the peer has reset already has nothing to end.
            final int result = TcpSocket.shutdown(socket.number());
            assert result == 0 || result == -Errno.ENOTCONN : Errno.describe(result);
        }
        if (underWay[CONNECT]) {
            submit(CANCEL);
        }
        streams.retryLater(this);
    }

    /// Give the socket up without a trace for the peer, to go on with it elsewhere. Nothing is under
    /// way, and the stream does nothing any more: no handler is called.
    ///
    /// @return the socket, in blocking mode; the caller's from now on
    public FileDescriptor release() {
        assert !closing : "a stream that is being closed is not given up";
        assert !isBusy() : "nothing is under way";
        closing = true;
        closed = true;
        dropSlot();
        engine.removeHandler(number);
        return Objects.requireNonNull(socket, "a connected stream has a socket");
    }

    @Override
    public String peerAddress() {
        return peerAddress;
    }

    @Override
    public void completed(int kind, int result, int flags) {
        underWay[kind] = false;
        if (closing) {
            streams.retryLater(this);
            return;
        }
        switch (kind) {
            case CONNECT -> connectCompleted(result);
            case SEND -> sendCompleted(result);
            case RECEIVE -> receiveCompleted(result, flags);
            default -> throw new AssertionError("nothing is cancelled before the stream is closed");
        }
    }

    /// Do what could not be done when it was to be. Before each submission.
    void retry() {
        if (broken != null && !closing) {
            final String reason = broken;
            broken = null;
            handler.failed(reason);
        }
        for (int kind = 0; kind < KINDS; kind++) {
            if (waiting[kind]) {
                submit(kind);
            }
        }
        if (closing && !closed && !isBusy()) {
            finish();
        }
    }

    private boolean isBusy() {
        for (int kind = 0; kind < KINDS; kind++) {
            if (underWay[kind] || waiting[kind]) {
                return true;
            }
        }
        return false;
    }

    private void finish() {
        closed = true;
        dropSlot();
        engine.removeHandler(number);
        if (socket != null) {
            socket.close();
        }
        handler.closed();
    }

    private void dropSlot() {
        if (slot != NO_SLOT) {
            engine.removeFile(slot);
            slot = NO_SLOT;
        }
    }

    private void connectCompleted(int result) {
        if (result < 0) {
            handler.failed("cannot connect: " + Errno.describe(result));
        } else {
            useSlot();
            handler.connected();
        }
    }

    private void sendCompleted(int result) {
        if (isTransient(result)) {
            submit(SEND);
            return;
        }
        outgoing = null;
        if (result < 0) {
            broken("sending failed: ", result);
        } else {
            handler.sent(result);
        }
    }

    private void receiveCompleted(int result, int flags) {
        if (isTransient(result)) {
            submit(RECEIVE);
            return;
        }
        incoming = null;
        likelyEmpty = (flags & UringSpec.IORING_CQE_F_SOCK_NONEMPTY) == 0;
        if (result < 0) {
            broken("receiving failed: ", result);
        } else if (result == 0) {
            handler.ended("closed by the peer");
        } else {
            handler.received(result);
        }
    }

    /// A reset is the peer's doing: its kernel has no such connection any more.
    private void broken(String what, int result) {
        final String reason = what + Errno.describe(result);
        if (result == -Errno.ECONNRESET || result == -Errno.EPIPE) {
            handler.ended(reason);
        } else {
            handler.failed(reason);
        }
    }

    private static boolean isTransient(int result) {
        return result == -Errno.EAGAIN || result == -Errno.EINTR;
    }

    /// The ring holds the socket itself, which saves looking its number up with each request.
    private void useSlot() {
        slot = engine.addFile(fd);
        if (slot != NO_SLOT) {
            fd = slot;
            sqeFlags = UringSpec.IOSQE_FIXED_FILE;
        }
    }

    private void submit(int kind) {
        boolean queued = prepare(kind);
        if (!queued) {
            engine.submit();
            queued = prepare(kind);
        }
        underWay[kind] = queued;
        waiting[kind] = !queued;
        if (!queued) {
            streams.retryLater(this);
        }
    }

    private boolean prepare(int kind) {
        return switch (kind) {
            case CONNECT -> prepareConnect();
            case SEND -> prepareSend(Objects.requireNonNull(outgoing, "there is something to send"));
            case RECEIVE -> prepareReceive(Objects.requireNonNull(incoming, "there is something to receive into"));
            default -> engine.ring().prepareCancel(userData(CONNECT), userData(CANCEL));
        };
    }

    private boolean prepareConnect() {
        final InternetAddress to = Objects.requireNonNull(target, "who connects knows where to");
        return engine.ring().prepareConnect(fd, to.address(), to.length(), userData(CONNECT));
    }

    private boolean prepareSend(Pieces pieces) {
        if (pieces.count() == 1) {
            return engine.ring()
                    .prepareSend(fd, address(pieces, 0), pieces.length(0), SEND_FLAGS, sqeFlags, userData(SEND));
        }
        if (sendHeader == null) {
            sendHeader = new MessageHeader(PIECES_MAX);
        }
        fill(sendHeader, pieces);
        return engine.ring().prepareSendmsg(fd, sendHeader.address(), SEND_FLAGS, sqeFlags, userData(SEND));
    }

    private boolean prepareReceive(Pieces pieces) {
        if (pieces.count() == 1) {
            return engine.ring()
                    .prepareRecv(fd, address(pieces, 0), pieces.length(0), likelyEmpty, sqeFlags, userData(RECEIVE));
        }
        if (receiveHeader == null) {
            receiveHeader = new MessageHeader(PIECES_MAX);
        }
        fill(receiveHeader, pieces);
        return engine.ring().prepareRecvmsg(fd, receiveHeader.address(), likelyEmpty, sqeFlags, userData(RECEIVE));
    }

    private static void fill(MessageHeader header, Pieces pieces) {
        header.clear();
        for (int i = 0; i < pieces.count(); i++) {
            header.add(address(pieces, i), pieces.length(i));
        }
    }

    private static long address(Pieces pieces, int piece) {
        return pieces.segment(piece).address() + pieces.offset(piece);
    }

    private long userData(int kind) {
        return engine.userData(number, kind);
    }
}
