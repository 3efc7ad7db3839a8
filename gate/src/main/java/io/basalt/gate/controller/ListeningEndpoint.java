package io.basalt.gate.controller;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;

/// A socket that the gate listens on. Two front ends at a time, of which one is about to go; a third is
/// hung up on. What comes while one before is being released waits in the backlog.
final class ListeningEndpoint implements Endpoint {
    /// Connections that may wait.
    static final int BACKLOG = 4;

    private final Reactor control;
    private final UnixListener listener;
    private final ForeignFds foreign;
    private final Taker taker;
    private final int watch;

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
        while (taker.free() || taker.full()) {
            final int fd = listener.accept();
            if (fd < 0) {
                return;
            }
            if (taker.free()) {
                taker.take(fd);
            } else {
                foreign.close(fd);
                taker.refused();
            }
        }
    }

    @Override
    public int fd() {
        return listener.fd();
    }

    @Override
    public void surrender() {
        control.engine().unwatch(watch);
        foreign.close(listener.release());
    }

    @Override
    public void close() {
        control.engine().unwatch(watch);
        final int last = FileDescriptor.duplicate(listener.fd());
        listener.close();
        if (last >= 0) {
            foreign.close(last);
        }
    }
}
