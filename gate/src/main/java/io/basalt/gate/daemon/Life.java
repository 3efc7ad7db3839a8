package io.basalt.gate.daemon;

import io.basalt.gate.controller.Controllers.DataReactor;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.uring.UringEngine;
import java.util.List;

/// A pair of sockets, of which a gate gives one to its holder: that one hears a hang-up when this
/// process is gone, and all that its rings had under way has ended.
///
/// The other socket is a file of every ring, and a ring gives its files back when it has nothing under
/// way any more: after a SIGKILL that is later than the end of the process. Where the kernel has no
/// room for the file in a ring, the hang-up tells of the process alone.
///
/// Concurrency: made and closed by the thread that starts and stops the reactors.
final class Life implements AutoCloseable {
    private final UnixSocket.Pair pair = UnixSocket.pair();

    Life(List<DataReactor> reactors) {
        final int fd = pair.left().fd();
        for (final DataReactor each : reactors) {
            each.reactor().post(() -> {
                final int _ = UringEngine.of(each.reactor()).addFile(fd);
            });
        }
    }

    /// The socket to give away; stays this object's.
    int fd() {
        return pair.right().fd();
    }

    /// The rings are closed already.
    @Override
    public void close() {
        pair.close();
    }
}
