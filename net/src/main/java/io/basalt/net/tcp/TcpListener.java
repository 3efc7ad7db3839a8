package io.basalt.net.tcp;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.TcpSocket;
import io.basalt.net.Network.Acceptor;
import io.basalt.reactor.TimerTask;
import io.basalt.reactor.uring.CompletionHandler;
import io.basalt.reactor.uring.UringEngine;

/// One listening TCP socket in a reactor's io_uring.
final class TcpListener extends TimerTask implements CompletionHandler {
    private static final int ACCEPT = 0;
    private static final int CANCEL = 1;
    private static final long PAUSE_NS = 100_000_000;

    private final TcpNetwork network;
    private final UringEngine engine;
    private final FileDescriptor socket;
    private final Acceptor acceptor;
    private final int number;
    private boolean accepting;
    private boolean cancelling;
    private boolean closing;
    private boolean closed;

    TcpListener(TcpNetwork network, FileDescriptor socket, Acceptor acceptor) {
        this.network = network;
        this.engine = network.engine();
        this.socket = socket;
        this.acceptor = acceptor;
        number = engine.addHandler(this);
        accept();
    }

    /// Stop: [#isClosed()] tells when the socket is gone.
    void close() {
        closing = true;
        network.reactor().cancel(this);
        TcpSocket.shutdown(socket.number());
        cancel();
        finishIfIdle();
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void completed(int kind, int result, int flags) {
        if (kind == CANCEL) {
            cancelling = false;
        } else {
            accepting = false;
            accepted(result);
        }
        finishIfIdle();
    }

    @Override
    protected void expired(long nowNs) {
        if (closing) {
            cancel();
        } else {
            accept();
        }
    }

    private void accepted(int result) {
        if (closing) {
            if (result >= 0) {
                FileDescriptor.close(result);
            }
            return;
        }
        if (result < 0) {
            // No number free, no memory, or a peer that went at once: the next one waits in the kernel meanwhile.
            network.reactor().schedule(this, result == -Errno.ECONNABORTED ? 0 : PAUSE_NS);
            return;
        }
        network.accepted(FileDescriptor.adopt(result), acceptor);
        accept();
    }

    private void accept() {
        accepting = prepareAccept();
        if (!accepting) {
            engine.submit();
            accepting = prepareAccept();
        }
        if (!accepting) {
            network.reactor().schedule(this, PAUSE_NS);
        }
    }

    private boolean prepareAccept() {
        return engine.ring().prepareAccept(socket.number(), TcpSocket.ACCEPT_FLAGS, engine.userData(number, ACCEPT));
    }

    private void cancel() {
        if (!accepting) {
            return;
        }
        cancelling = prepareCancel();
        if (!cancelling) {
            engine.submit();
            cancelling = prepareCancel();
        }
        if (!cancelling) {
            network.reactor().schedule(this, PAUSE_NS);
        }
    }

    private boolean prepareCancel() {
        return engine.ring().prepareCancel(engine.userData(number, ACCEPT), engine.userData(number, CANCEL));
    }

    private void finishIfIdle() {
        if (closing && !closed && !accepting && !cancelling) {
            closed = true;
            network.reactor().cancel(this);
            engine.removeHandler(number);
            socket.close();
        }
    }
}
