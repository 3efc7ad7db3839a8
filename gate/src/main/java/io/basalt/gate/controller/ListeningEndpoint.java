package io.basalt.gate.controller;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import org.jspecify.annotations.Nullable;

/// A socket that the gate listens on. Two front ends at a time, of which one is about to go; a third is
/// hung up on. What comes while one before is being released waits in the backlog.
final class ListeningEndpoint implements Endpoint {
    /// Connections that may wait.
    static final int BACKLOG = 4;

    /// How long one too many may wait for another to go.
    private static final long GRACE_NS = 200_000_000L;

    private final Reactor control;
    private final UnixListener listener;
    private final ForeignFds foreign;
    private final Taker taker;
    private final int watch;
    private @Nullable Timer verdict;

    /// @param listener owned from now on
    /// @param foreign closes it last, with what connections that nobody took have brought
    ListeningEndpoint(Reactor control, UnixListener listener, ForeignFds foreign, Taker taker) {
        this.control = control;
        this.listener = listener;
        this.foreign = foreign;
        this.taker = taker;
        this.watch = control.engine().watch(listener.fd(), UringSpec.POLLIN, ready -> resume());
    }

    @Override
    public void resume() {
        while (taker.free()) {
            final int fd = listener.accept();
            if (fd < 0) {
                return;
            }
            taker.take(fd);
        }
        if (taker.full() && verdict == null) {
            verdict = control.schedule(GRACE_NS, this::judge);
        }
    }

    /// One that has hung up may not have been heard yet when the next one is: only who is still one too many is
    /// refused.
    private void judge() {
        verdict = null;
        while (taker.full()) {
            final int fd = listener.accept();
            if (fd < 0) {
                return;
            }
            foreign.close(fd);
            taker.refused();
        }
        resume();
    }

    private void stop() {
        control.engine().unwatch(watch);
        if (verdict != null) {
            verdict.cancel();
            verdict = null;
        }
    }

    @Override
    public int fd() {
        return listener.fd();
    }

    @Override
    public void surrender() {
        stop();
        foreign.close(listener.release());
    }

    @Override
    public void close() {
        stop();
        final int last = FileDescriptor.duplicate(listener.fd());
        listener.close();
        if (last >= 0) {
            foreign.close(last);
        }
    }
}
