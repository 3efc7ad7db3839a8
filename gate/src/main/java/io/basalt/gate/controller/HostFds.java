package io.basalt.gate.controller;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.reactor.Signal;
import io.basalt.virtio.vhostuser.FdOwner;
import io.basalt.virtio.vhostuser.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a session may do to descriptors, over the operating system. Control reactor, except the signals it makes.
final class HostFds implements FdOwner {
    private static final String EVENTFD = "anon_inode:[eventfd]";

    @Override
    public void close(int fd) {
        FileDescriptor.close(fd);
    }

    @Override
    public void requireEvent(int fd) throws RefusedException {
        final String kind = kind(fd);
        if (!kind.equals(EVENTFD)) {
            throw new RefusedException("descriptor " + fd + " is " + kind + ", not an eventfd");
        }
        final int result = FileDescriptor.nonBlocking(fd, true);
        if (result < 0) {
            throw new RefusedException("eventfd " + fd + " cannot be made non-blocking: errno " + -result);
        }
    }

    private static String kind(int fd) throws RefusedException {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
        } catch (IOException gone) {
            throw new RefusedException("descriptor " + fd + " cannot be examined: " + gone.getMessage());
        }
    }

    @Override
    public Signal signal(int fd) {
        return new EventSignal(fd);
    }

    /// Raising it writes to an eventfd that the session owns.
    private record EventSignal(int fd) implements Signal {
        @Override
        public void raise() {
            EventFd.signal(fd);
        }
    }
}
