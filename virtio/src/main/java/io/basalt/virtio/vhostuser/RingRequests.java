package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;

import io.basalt.reactor.Signal;
import org.jspecify.annotations.Nullable;

/// The requests about one ring.
final class RingRequests {
    private final Answers answers;
    private final MessageAssembler assembler;
    private final VhostUserMessage message;
    private final FdOwner fds;
    private final RingSet rings;

    RingRequests(Answers answers, MessageAssembler assembler, FdOwner fds, RingSet rings) {
        this.answers = answers;
        this.assembler = assembler;
        this.message = assembler.message();
        this.fds = fds;
        this.rings = rings;
    }

    private Ring stoppedRing() throws RefusedException {
        final Ring ring = rings.ring(message.index());
        if (ring.started()) {
            throw new RefusedException("queue " + ring.index + ": may not change while the ring runs");
        }
        return ring;
    }

    void setVringNum() throws RefusedException {
        final Ring ring = stoppedRing();
        // A front end may not learn that this is refused: then at least the ring must not start.
        ring.size = 0;
        rings.requireSize(message.num());
        ring.size = message.num();
        answers.settle(null);
    }

    void setVringBase() throws RefusedException {
        final Ring ring = stoppedRing();
        ring.base = message.num();
        rings.requireBase(message.num());
        answers.settle(null);
    }

    void setVringAddr() throws RefusedException {
        final Ring ring = rings.ring(message.index());
        final long descriptor = message.descriptorAddress();
        final long used = message.usedAddress();
        final long available = message.availableAddress();
        final boolean logged = (message.addressFlags() & VHOST_VRING_F_LOG) != 0;
        if (ring.started()) {
            if (descriptor != ring.descriptorAddress || used != ring.deviceAddress || available != ring.driverAddress) {
                throw new RefusedException("queue " + ring.index + ": addresses may not change while the ring runs");
            }
            ring.usedLogAddress = logged ? message.logAddress() : -1;
            rings.change(ring, answers::settle);
            return;
        }
        ring.addressed = false;
        rings.requireAligned(descriptor, used, available);
        ring.descriptorAddress = descriptor;
        ring.deviceAddress = used;
        ring.driverAddress = available;
        ring.usedLogAddress = logged ? message.logAddress() : -1;
        ring.addressed = true;
        answers.settle(null);
    }

    void setVringEnable() throws RefusedException {
        final Ring ring = rings.ring(message.index());
        if (message.num() < 0 || message.num() > 1) {
            throw new RefusedException("enable " + Integer.toUnsignedString(message.num()) + ": want 0 or 1");
        }
        final boolean enabled = message.num() == 1;
        final boolean changed = enabled != ring.enabled;
        ring.enabled = enabled;
        if (changed && ring.started()) {
            rings.change(ring, answers::settle);
        } else {
            answers.settle(null);
        }
    }

    void getVringBase() throws RefusedException {
        final Ring ring = rings.ring(message.index());
        if (ring.started()) {
            rings.stop(ring, () -> replyBase(ring));
        } else {
            replyBase(ring);
        }
    }

    private void replyBase(Ring ring) {
        answers.begin(VRING_STATE_SIZE).state(ring.index, ring.base);
        answers.reply(-1);
    }

    /// The ring that a kick, call or error message names.
    private Ring eventRing() throws RefusedException {
        return rings.ring((int) (message.u64() & VRING_IDX_MASK));
    }

    /// The event descriptor of such a message, taken, or -1 if it says that it brings none.
    private int takeEvent() throws RefusedException {
        if ((message.u64() & VRING_NOFD_MASK) != 0) {
            return -1;
        }
        assembler.requireFds(1);
        fds.requireEvent(assembler.fd(0));
        return assembler.takeFd(0);
    }

    private Signal signal(int fd) {
        return fd < 0 ? Signal.NONE : fds.signal(fd);
    }

    void setVringKick() throws RefusedException {
        final Ring ring = eventRing();
        final int fd = takeEvent();
        if (ring.started()) {
            // Another kick descriptor: the ring's owner watches the old one, so it stops and starts over.
            rings.stop(ring, () -> start(ring, fd));
        } else {
            start(ring, fd);
        }
    }

    private void start(Ring ring, int kickFd) {
        ring.kickFd = rings.replace(ring.kickFd, kickFd);
        if (answers.closing()) {
            answers.settle(null);
            return;
        }
        try {
            rings.start(ring, rings.requireStartable(ring), refusal -> started(ring, refusal));
        } catch (RefusedException refused) {
            started(ring, refused.reason());
        }
    }

    private void started(Ring ring, @Nullable String refusal) {
        if (refusal != null) {
            ring.kickFd = rings.replace(ring.kickFd, -1);
            ring.error.raise();
        }
        answers.settle(refusal);
    }

    void setVringCall() throws RefusedException {
        final Ring ring = eventRing();
        final int fd = takeEvent();
        final int old = ring.callFd;
        ring.callFd = fd;
        ring.call = signal(fd);
        // What was signalled on the old descriptor at the last moment may never be looked at. A call too many is
        // legal; one too few hangs the guest.
        useEvent(ring, old, fd, () -> ring.call.raise());
    }

    void setVringErr() throws RefusedException {
        final Ring ring = eventRing();
        final int fd = takeEvent();
        final int old = ring.errorFd;
        ring.errorFd = fd;
        ring.error = signal(fd);
        useEvent(ring, old, fd, () -> {});
    }

    /// Answer when the ring uses a new descriptor; the old one is closed then.
    ///
    /// @param changed what a running ring needs besides
    private void useEvent(Ring ring, int old, int fd, Runnable changed) {
        if (!ring.started()) {
            rings.replace(old, fd);
            answers.settle(null);
            return;
        }
        rings.change(ring, refusal -> {
            rings.replace(old, fd);
            changed.run();
            answers.settle(refusal);
        });
    }
}
