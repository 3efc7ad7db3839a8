package io.basalt.net.tcp;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.net.session.ByteStream;
import io.basalt.reactor.uring.UringEngine;
import java.util.ArrayList;
import java.util.List;

/// The streams of one user of a reactor's io_uring, and which of them have to be asked again: a request
/// of theirs found the submission queue full, or they are to end. Belongs to the reactor.
public final class UringStreams {
    private final UringEngine engine;
    private List<UringStream> retries = new ArrayList<>();
    private List<UringStream> retrying = new ArrayList<>();

    /// The owner sees to it that [#retry] is called before each submission.
    public UringStreams(UringEngine engine) {
        this.engine = engine;
    }

    /// A stream over a connected socket. [ByteStream.Handler#connected()] is called from inside.
    ///
    /// @param socket in blocking mode; owned by the stream from now on
    /// @param peerAddress for people
    public UringStream adopt(FileDescriptor socket, String peerAddress, ByteStream.Handler handler) {
        final UringStream stream = new UringStream(this, handler, socket, peerAddress, null, null);
        stream.start();
        return stream;
    }

    /// Ask those that have to be. For a [io.basalt.reactor.uring.SubmitHook] of the owner.
    public void retry() {
        if (retries.isEmpty()) {
            return;
        }
        final List<UringStream> now = retries;
        retries = retrying;
        retrying = now;
        for (final UringStream stream : now) {
            stream.retry();
        }
        now.clear();
    }

    UringEngine engine() {
        return engine;
    }

    /// Have a stream asked again before the next submission.
    void retryLater(UringStream stream) {
        if (!retries.contains(stream)) {
            retries.add(stream);
        }
    }
}
