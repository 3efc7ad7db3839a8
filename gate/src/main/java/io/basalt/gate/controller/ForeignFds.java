package io.basalt.gate.controller;

import io.basalt.linux.file.FileDescriptor;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The end of descriptors that a front end had a hand in, in a thread that may be kept waiting.
///
/// To close can take as long as somebody else likes: a TCP socket that lingers until its peer reads, a file
/// whose server is asked to flush it, an eventfd in an epoll set that is locked. Closing a Unix socket
/// closes whatever was sent there and never read. So none of that is done on a reactor. The thread exists
/// only while there is something to close, and what keeps it waiting holds up no other controller: each has
/// its own.
///
/// Concurrency: any thread.
final class ForeignFds {
    /// Descriptors that may wait before their sender is no longer served: the most that one message brings, and as
    /// many again.
    static final int BACKLOG_MAX = 512;

    private final String owner;
    private final ArrayDeque<Integer> waiting = new ArrayDeque<>();
    private final ArrayDeque<Runnable> onceClosed = new ArrayDeque<>();
    private @Nullable Thread closer;

    /// @param owner the controller's name
    ForeignFds(String owner) {
        this.owner = owner;
    }

    /// Close a descriptor soon. Its number is not free before.
    synchronized void close(int fd) {
        waiting.add(fd);
        if (closer == null) {
            closer = Thread.ofPlatform().daemon().name("close " + owner).start(this::run);
        }
    }

    /// Whether more wait than somebody who means well can have sent.
    synchronized boolean isCrowded() {
        return waiting.size() > BACKLOG_MAX;
    }

    /// Run a command once all that waits now is closed: at once, or later in the closing thread.
    void whenClosed(Runnable command) {
        synchronized (this) {
            if (closer != null) {
                onceClosed.add(command);
                return;
            }
        }
        command.run();
    }

    private void run() {
        while (true) {
            final Integer fd;
            final Runnable command;
            synchronized (this) {
                fd = waiting.poll();
                command = fd == null ? onceClosed.poll() : null;
                if (fd == null && command == null) {
                    closer = null;
                    return;
                }
            }
            if (fd != null) {
                FileDescriptor.close(fd);
            } else if (command != null) {
                command.run();
            }
        }
    }
}
