package io.basalt.virtio.vhostuser;

import io.basalt.reactor.Signal;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueSetup;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The rings of a device with all that their setups share, and the commands that go to their owners.
final class RingSet {
    private static final int SPLIT_SIZE_MAX = 32768;
    /// Bytes of a used or available ring besides its entries: flags, index, event.
    private static final int SPLIT_RING_OVERHEAD = 6;

    private static final int DESCRIPTOR_SIZE = 16;
    private static final int USED_ELEMENT_SIZE = 8;
    private static final int PACKED_EVENT_SIZE = 4;

    private final VhostUserDevice device;
    private final FdOwner fds;
    private final Ring[] rings;

    long features;
    GuestMemory memory = GuestMemory.EMPTY;

    @Nullable
    InflightRegion inflight;

    @Nullable
    DirtyLog log;

    RingSet(VhostUserDevice device, FdOwner fds) {
        this.device = device;
        this.fds = fds;
        this.rings = new Ring[device.queueCountMax()];
        for (int i = 0; i < rings.length; i++) {
            rings[i] = new Ring(i);
        }
    }

    /// A ring by the index of a message.
    Ring ring(int index) throws RefusedException {
        if (index < 0 || index >= rings.length) {
            throw new RefusedException(
                    "queue " + Integer.toUnsignedString(index) + ": the device has " + rings.length + " queues");
        }
        return rings[index];
    }

    Ring[] all() {
        return rings;
    }

    boolean anyStarted() {
        for (final Ring ring : rings) {
            if (ring.started()) {
                return true;
            }
        }
        return false;
    }

    boolean anyServing() {
        for (final Ring ring : rings) {
            if (ring.started() && ring.enabled) {
                return true;
            }
        }
        return false;
    }

    boolean packed() {
        return (features & VhostUserSpec.VIRTIO_F_RING_PACKED) != 0;
    }

    void requireSize(int size) throws RefusedException {
        final int max = Math.min(device.queueSizeMax(), SPLIT_SIZE_MAX);
        if (size < 1 || size > max) {
            throw new RefusedException("queue size " + Integer.toUnsignedString(size) + ": want 1 to " + max);
        }
        if (!packed() && Integer.bitCount(size) != 1) {
            throw new RefusedException("queue size " + size + ": a split ring's must be a power of two");
        }
    }

    void requireBase(int base) throws RefusedException {
        if (!packed() && base >>> 16 != 0) {
            throw new RefusedException("base 0x" + Integer.toHexString(base) + ": a split ring's index has 16 bits");
        }
    }

    void requireAligned(long descriptor, long used, long available) throws RefusedException {
        requireAligned("descriptor table", descriptor, DESCRIPTOR_SIZE);
        requireAligned("used ring", used, 4);
        requireAligned("available ring", available, packed() ? 4 : 2);
    }

    private static void requireAligned(String what, long address, int alignment) throws RefusedException {
        if ((address & alignment - 1) != 0) {
            throw new RefusedException(
                    what + " at 0x" + Long.toHexString(address) + ": must be a multiple of " + alignment);
        }
    }

    /// Check that a memory table holds the rings that run.
    void requireReachable(GuestMemory table) throws RefusedException {
        for (final Ring ring : rings) {
            if (ring.started()) {
                requireReachable(ring, table);
            }
        }
    }

    private void requireReachable(Ring ring, GuestMemory table) throws RefusedException {
        final long size = ring.size;
        requireReachable(ring, "descriptor table", ring.descriptorAddress, size * DESCRIPTOR_SIZE, table);
        requireReachable(
                ring,
                "available ring",
                ring.driverAddress,
                packed() ? PACKED_EVENT_SIZE : SPLIT_RING_OVERHEAD + size * Short.BYTES,
                table);
        requireReachable(
                ring,
                "used ring",
                ring.deviceAddress,
                packed() ? PACKED_EVENT_SIZE : SPLIT_RING_OVERHEAD + size * USED_ELEMENT_SIZE,
                table);
    }

    private static void requireReachable(Ring ring, String what, long address, long length, GuestMemory table)
            throws RefusedException {
        if (table.findUser(address, length) == null) {
            throw new RefusedException("queue " + ring.index + ": " + what + " at 0x" + Long.toHexString(address) + ", "
                    + length + " bytes, is not in one region of guest memory");
        }
    }

    /// Check that a ring can start, and say with what.
    QueueSetup requireStartable(Ring ring) throws RefusedException {
        if (ring.size == 0 || !ring.addressed) {
            throw new RefusedException(
                    "queue " + ring.index + ": SET_VRING_NUM and SET_VRING_ADDR must come before the start");
        }
        // Once more, since the ring layout may have been agreed on after the size and the addresses were given.
        requireSize(ring.size);
        requireBase(ring.base);
        requireAligned(ring.descriptorAddress, ring.deviceAddress, ring.driverAddress);
        requireReachable(ring, memory);
        if (inflight != null) {
            inflight.part(ring.index, ring.size, packed());
        }
        return setup(ring);
    }

    private QueueSetup setup(Ring ring) {
        final boolean logging = (features & VhostUserSpec.VHOST_F_LOG_ALL) != 0;
        return new QueueSetup(
                ring.index,
                ring.size,
                features,
                memory,
                ring.descriptorAddress,
                ring.driverAddress,
                ring.deviceAddress,
                ring.base,
                ring.enabled,
                ring.kickFd,
                ring.call,
                ring.error,
                inflightPart(ring),
                logging ? log : null,
                ring.usedLogAddress);
    }

    private @Nullable MemorySegment inflightPart(Ring ring) {
        if (inflight == null) {
            return null;
        }
        try {
            return inflight.part(ring.index, ring.size, packed());
        } catch (RefusedException impossible) {
            throw new AssertionError("checked at the start and frozen since", impossible);
        }
    }

    /// Start a ring that can start.
    void start(Ring ring, QueueSetup setup, Consumer<@Nullable String> done) {
        ring.become(RingState.STARTING);
        final AckBarrier barrier = new AckBarrier(refusal -> {
            ring.become(refusal == null ? RingState.STARTED : RingState.STOPPED);
            done.accept(refusal);
        });
        device.startQueue(setup, barrier.expect());
        barrier.seal();
    }

    /// Have a ring that runs go on with what is known of it now.
    void change(Ring ring, Consumer<@Nullable String> done) {
        assert ring.started() : ring.state();
        final AckBarrier barrier = new AckBarrier(done);
        device.changeQueue(setup(ring), barrier.expect());
        barrier.seal();
    }

    /// The same for all that run.
    void changeStarted(Consumer<@Nullable String> done) {
        final AckBarrier barrier = new AckBarrier(done);
        for (final Ring ring : rings) {
            if (ring.started()) {
                device.changeQueue(setup(ring), barrier.expect());
            }
        }
        barrier.seal();
    }

    /// Stop a ring that runs, and close its kick descriptor.
    void stop(Ring ring, Runnable done) {
        final AckBarrier barrier = new AckBarrier(none -> done.run());
        stop(ring, barrier.expect());
        barrier.seal();
    }

    /// Stop all that run.
    void stopAll(Runnable done) {
        final AckBarrier barrier = new AckBarrier(none -> done.run());
        for (final Ring ring : rings) {
            if (ring.started()) {
                stop(ring, barrier.expect());
            }
        }
        barrier.seal();
    }

    private void stop(Ring ring, VhostUserDevice.Completion stopped) {
        ring.become(RingState.STOPPING);
        device.stopQueue(ring.index, base -> {
            ring.become(RingState.STOPPED);
            ring.base = base;
            ring.kickFd = replace(ring.kickFd, -1);
            stopped.completed(null);
        });
    }

    // ---- on the way to another process

    /// Stop all that run, to go on from where they stopped.
    void parkAll(Runnable done) {
        final AckBarrier barrier = new AckBarrier(none -> done.run());
        for (final Ring ring : rings) {
            if (ring.started()) {
                final VhostUserDevice.Completion parked = barrier.expect();
                ring.become(RingState.STOPPING);
                device.stopQueue(ring.index, base -> {
                    ring.become(RingState.PARKED);
                    ring.base = base;
                    parked.completed(null);
                });
            }
        }
        barrier.seal();
    }

    /// Start all that are parked. One that does not start tells its front end by its error signal.
    ///
    /// @param done told the first refusal, or null
    void startParked(Consumer<@Nullable String> done) {
        final AckBarrier barrier = new AckBarrier(done);
        for (final Ring ring : rings) {
            if (ring.state() == RingState.PARKED) {
                final VhostUserDevice.Completion started = barrier.expect();
                startParked(ring, refusal -> {
                    if (refusal != null) {
                        ring.kickFd = replace(ring.kickFd, -1);
                        ring.error.raise();
                    }
                    started.completed(refusal);
                });
            }
        }
        barrier.seal();
    }

    private void startParked(Ring ring, Consumer<@Nullable String> done) {
        try {
            start(ring, requireStartable(ring), done);
        } catch (RefusedException refused) {
            ring.become(RingState.STOPPED);
            done.accept(refused.reason());
        }
    }

    /// Give up what is parked.
    void unpark() {
        for (final Ring ring : rings) {
            if (ring.state() == RingState.PARKED) {
                ring.become(RingState.STOPPED);
            }
        }
    }

    List<SessionImage.RingImage> images() {
        final List<SessionImage.RingImage> images = new ArrayList<>();
        for (final Ring ring : rings) {
            if (ring.known()) {
                images.add(ring.image());
            }
        }
        return images;
    }

    /// Take over rings from their images. Their descriptors are this set's from now on, also if one is refused.
    ///
    /// @return the last refusal, or null
    @Nullable
    RefusedException restore(List<SessionImage.RingImage> images) {
        RefusedException refusal = null;
        for (final SessionImage.RingImage image : images) {
            try {
                restore(image);
            } catch (RefusedException refused) {
                refusal = refused;
            }
        }
        return refusal;
    }

    private void restore(SessionImage.RingImage image) throws RefusedException {
        final Ring ring = ring(image.index());
        ring.restore(image);
        ring.kickFd = image.kickFd();
        ring.callFd = image.callFd();
        ring.errorFd = image.errorFd();
        if (ring.kickFd >= 0) {
            fds.requireEvent(ring.kickFd);
        }
        ring.call = signal(ring.callFd);
        ring.error = signal(ring.errorFd);
        if (ring.state() == RingState.PARKED) {
            requireStartable(ring);
        }
    }

    private Signal signal(int fd) throws RefusedException {
        if (fd < 0) {
            return Signal.NONE;
        }
        fds.requireEvent(fd);
        return fds.signal(fd);
    }

    /// Close a descriptor that is replaced.
    ///
    /// @return the new one
    int replace(int oldFd, int newFd) {
        if (oldFd >= 0) {
            fds.close(oldFd);
        }
        return newFd;
    }

    /// Close every descriptor; no ring runs any more.
    void release() {
        for (final Ring ring : rings) {
            assert ring.state() == RingState.STOPPED : ring.state();
            ring.kickFd = replace(ring.kickFd, -1);
            ring.callFd = replace(ring.callFd, -1);
            ring.errorFd = replace(ring.errorFd, -1);
        }
    }
}
