package io.basalt.gate.controller;

import io.basalt.linux.LinuxException;
import io.basalt.linux.uring.EventBell;
import io.basalt.reactor.Signal;
import io.basalt.virtio.vhostuser.FdOwner;
import io.basalt.virtio.vhostuser.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What one session may do to descriptors, over the operating system: nothing that waits for the front end, which
/// holds the same open files. Eventfds are signalled through bells, and all closing is left to [ForeignFds].
///
/// Control reactor, except the signals it makes: those any thread may raise.
final class HostFds implements FdOwner {
    private static final String EVENTFD = "anon_inode:[eventfd]";

    private final ForeignFds foreign;
    private final Map<Integer, EventBell> bells = new HashMap<>();
    /// A bell for the next signal. A front end may exchange its call descriptor at every message, and it is cheaper
    /// to use the old one's bell again than to make one.
    private @Nullable EventBell spare;

    /// @param foreign closes what the session is done with
    HostFds(ForeignFds foreign) {
        this.foreign = foreign;
    }

    @Override
    public void close(int fd) {
        final EventBell bell = bells.remove(fd);
        if (bell != null) {
            retire(bell);
        }
        foreign.close(fd);
    }

    private void retire(EventBell bell) {
        final int result = bell.detach();
        assert result == 0 : "an attached bell can be detached: " + result;
        if (spare == null) {
            spare = bell;
        } else {
            bell.close();
        }
    }

    @Override
    public void requireEvent(int fd) throws RefusedException {
        final String kind = kind(fd);
        if (!kind.equals(EVENTFD)) {
            throw new RefusedException("descriptor " + fd + " is " + kind + ", not an eventfd");
        }
        // A signal has no way to be refused, so what it needs is made sure of here.
        if (spare == null) {
            spare = openBell();
        }
    }

    private static EventBell openBell() throws RefusedException {
        try {
            return EventBell.open();
        } catch (LinuxException failure) {
            throw new RefusedException("no io_uring left to signal an eventfd with: " + failure.getMessage());
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
        final EventBell bell = Objects.requireNonNull(spare, "requireEvent comes first");
        LinuxException.check("io_uring_register EVENTFD", bell.attach(fd), "eventfd " + fd);
        spare = null;
        bells.put(fd, bell);
        return new EventSignal(bell);
    }

    /// The session is over and has closed all its descriptors.
    void release() {
        assert bells.isEmpty() : "signals left: " + bells.keySet();
        if (spare != null) {
            spare.close();
            spare = null;
        }
    }

    /// Raising it never waits, whatever the front end does to the eventfd.
    private record EventSignal(EventBell bell) implements Signal {
        @Override
        public void raise() {
            bell.signal();
        }
    }
}
