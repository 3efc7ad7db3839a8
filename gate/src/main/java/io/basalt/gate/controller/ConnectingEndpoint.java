package io.basalt.gate.controller;

import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A socket that the front end listens on (QEMU: `server=on`): the gate connects, and connects again when it is
/// gone. After a crash of the gate this is the fast way, since nobody has to wait for the front end's reconnect
/// timer.
final class ConnectingEndpoint implements Endpoint {
    /// Time between two attempts while nobody listens, in nanoseconds.
    static final long RETRY_NS = 20_000_000;

    private final Reactor control;
    private final Path path;
    private final Taker taker;
    private @Nullable Timer retry;
    private boolean closed;
    private boolean connectedBefore;
    private long connectedNs;

    ConnectingEndpoint(Reactor control, Path path, Taker taker) {
        this.control = control;
        this.path = path;
        this.taker = taker;
    }

    @Override
    public void resume() {
        if (closed || retry != null || !taker.free()) {
            return;
        }
        // A peer that accepts and hangs up at once must not keep the control reactor busy.
        final boolean tooSoon = connectedBefore && control.nowNs() - connectedNs < RETRY_NS;
        final int fd = tooSoon ? -1 : UnixSocket.connect(path);
        if (fd >= 0) {
            connectedBefore = true;
            connectedNs = control.nowNs();
            taker.take(fd);
            return;
        }
        retry = control.schedule(RETRY_NS, () -> {
            retry = null;
            resume();
        });
    }

    @Override
    public int fd() {
        return -1;
    }

    @Override
    public void surrender() {
        close();
    }

    @Override
    public void close() {
        closed = true;
        if (retry != null) {
            retry.cancel();
            retry = null;
        }
    }
}
