package io.basalt.gate.nbd;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.nbd.Transmission;
import io.basalt.net.session.ByteStream;
import io.basalt.net.tcp.UringStreams;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.uring.UringEngine;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What one data reactor has of all exports: the streams of their connections, and the moment of each
/// pass at which what has gathered is sent. Made anywhere; from then on it belongs to its reactor.
final class DataSide {
    private final Reactor reactor;

    /// Made with the first connection.
    private @Nullable UringStreams streams;

    /// Replaced as a whole when one comes or goes.
    private Transmission[] transmissions = {};

    DataSide(Reactor reactor) {
        this.reactor = reactor;
    }

    Reactor reactor() {
        return reactor;
    }

    /// A stream for a transmission, which is flushed from now on.
    ///
    /// @param socket in blocking mode; owned by the stream from now on
    ByteStream add(Transmission transmission, FileDescriptor socket, String peer) {
        assert reactor.inLoop();
        final Transmission[] more = Arrays.copyOf(transmissions, transmissions.length + 1);
        more[transmissions.length] = transmission;
        transmissions = more;
        return streams().adopt(socket, peer, transmission);
    }

    void remove(Transmission transmission) {
        assert reactor.inLoop();
        transmissions = Arrays.stream(transmissions)
                .filter(other -> !other.equals(transmission))
                .toArray(Transmission[]::new);
    }

    private UringStreams streams() {
        final UringStreams present = streams;
        if (present != null) {
            return present;
        }
        final UringEngine engine = UringEngine.of(reactor);
        final UringStreams made = new UringStreams(engine);
        engine.addHook(this::beforeSubmit);
        streams = made;
        return made;
    }

    /// A stream that was closed tells so when it is asked again; the transmission then ends. Twice, so
    /// that nothing is left undone when the reactor sleeps.
    private void beforeSubmit() {
        flushAll();
        streams().retry();
        flushAll();
    }

    private void flushAll() {
        for (final Transmission transmission : transmissions) {
            transmission.flush();
        }
    }
}
