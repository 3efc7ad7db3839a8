package io.basalt.virtio.queue;

import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The device's side of one virtqueue: takes chains that a driver offers, puts answers back, and survives
/// whatever the driver writes into the ring.
///
/// Concurrency: one owner thread. The driver runs beside it in shared memory; every guest word is loaded once
/// into a local and judged there, so that a driver that changes it meanwhile gains nothing.
///
/// The way of a request: [#pop] (notes it in the inflight region) -> the device works -> [#complete] (writes the
/// used element, not yet visible) -> [#publish()] (makes all completed ones visible with one release store). None
/// of these allocates, blocks or throws, except that an access to guest memory that the front end has truncated
/// raises [InternalError]; the owner catches it around a pass and calls [#breakRing] with
/// [QueueFault#MEMORY_LOST].
///
/// ```
///             pop                complete                publish
/// available --------> in flight ----------> completed -----------> used
///                (inflight = 1)                        (inflight = 0)
/// ```
///
/// Failure: a driver that breaks the rules breaks its ring, for good ([#fault()]): nothing more is taken from it,
/// the error signal is raised once, and requests in flight may still be completed. After a crash of this process,
/// [#open] on the same inflight region first yields the requests that were in flight, in the order they were
/// taken.
public abstract sealed class Virtqueue permits SplitQueue, PackedQueue {
    private static final long RING_FEATURES = (1L << VirtqueueSpec.VIRTIO_F_INDIRECT_DESC)
            | (1L << VirtqueueSpec.VIRTIO_F_EVENT_IDX)
            | (1L << VirtqueueSpec.VIRTIO_F_RING_PACKED);

    final int size;
    final boolean eventIndex;
    final boolean indirectAllowed;
    /// By head or buffer id: taken and not yet answered.
    final boolean[] taken;

    QueueSetup setup;
    GuestMemory memory;

    @Nullable
    DirtyLog log;

    /// Whether [#pop] must look closer before it takes from the ring: broken, disabled, or requests to resubmit.
    boolean gated;
    /// Whether the next publish asks for a call although nothing says so: the one before a crash may have been
    /// lost.
    boolean callOwed;

    private @Nullable QueueFault fault;
    private int[] recovered = {};
    private int recoveredAt;
    private int tableRegion;
    /// Where [#scratch] allocates: empty unless memory was lost.
    private final Arena scratch = Arena.ofAuto();

    Virtqueue(QueueSetup setup) {
        this.setup = setup;
        size = checkedSize(setup);
        eventIndex = setup.has(VirtqueueSpec.VIRTIO_F_EVENT_IDX);
        indirectAllowed = setup.has(VirtqueueSpec.VIRTIO_F_INDIRECT_DESC);
        taken = new boolean[size];
        memory = setup.memory();
        log = setup.usedLogAddress() >= 0 ? setup.log() : null;
        gated = !setup.enabled();
    }

    /// Start serving a ring. With an inflight region that an earlier process left, its unfinished requests are
    /// recovered first. Control plane: allocates. Notifications are in the state the driver finds in the ring; call
    /// [#enableNotifications()] or [#disableNotifications()] next, and [#publish()] once so that a call lost in a
    /// crash is made up for.
    ///
    /// @throws QueueSetupException if the ring cannot be served: bad size, base, alignment, address or inflight
    /// region
    public static Virtqueue open(QueueSetup setup) {
        return setup.has(VirtqueueSpec.VIRTIO_F_RING_PACKED) ? new PackedQueue(setup) : new SplitQueue(setup);
    }

    /// Swap in a new setup while the ring runs: memory, call, error, log, enabled and kick may differ; what
    /// defines the ring (index, size, ring features, addresses, inflight region) may not. State is kept. Control
    /// plane.
    ///
    /// @throws QueueSetupException if the new setup is another ring, or its memory does not hold the ring; the old
    ///     setup then stays
    public final void change(QueueSetup next) {
        requireSameRing(next);
        if (fault != QueueFault.MEMORY_LOST) {
            resolve(next);
        }
        setup = next;
        memory = next.memory();
        log = next.usedLogAddress() >= 0 ? next.log() : null;
        tableRegion = 0;
        forgetSeen();
        regate();
    }

    private void requireSameRing(QueueSetup next) {
        if (next.index() != setup.index() || next.size() != size) {
            throw new QueueSetupException("queue " + setup.index() + ": index or size changed on a running ring");
        }
        if (((next.features() ^ setup.features()) & RING_FEATURES) != 0) {
            throw new QueueSetupException("queue " + setup.index() + ": ring features changed on a running ring");
        }
        if (next.descriptorAddress() != setup.descriptorAddress()
                || next.driverAddress() != setup.driverAddress()
                || next.deviceAddress() != setup.deviceAddress()) {
            throw new QueueSetupException("queue " + setup.index() + ": ring address changed on a running ring");
        }
        final MemorySegment before = setup.inflight();
        final MemorySegment after = next.inflight();
        // Segments are equal if they are the same bytes of the same mapping.
        if (!Objects.equals(before, after)) {
            throw new QueueSetupException("queue " + setup.index() + ": inflight region changed on a running ring");
        }
    }

    /// Take the next chain: first those to resubmit after a crash, in their old order, then what the driver
    /// offers. A taken chain is noted in the inflight region before this returns.
    ///
    /// @param into overwritten; undefined unless 1 is returned
    /// @return 1 if a chain was taken, 0 if there is none or the ring is disabled, or the negative
    ///     [QueueFault#code()] of a broken ring
    public abstract int pop(DescriptorChain into);

    /// Answer a taken chain. The driver does not see it before [#publish()].
    ///
    /// @param id [DescriptorChain#id()] of a chain in flight
    /// @param written bytes written to its writable entries, from the first on; unsigned
    public abstract void complete(int id, int written);

    /// Make all completed chains visible.
    ///
    /// @return whether the driver wants a call for them; the answer is given once, a caller that delays the call
    ///     keeps it in mind
    public abstract boolean publish();

    /// Ask the driver for kicks.
    ///
    /// @return false if chains are available after all, for which no kick may come: poll again before sleeping
    public abstract boolean enableNotifications();

    /// Tell the driver that no kicks are needed. It may still send some.
    public abstract void disableNotifications();

    /// A cheap look at how many chains (packed: whether a chain) may be taken. A hint: the ring may turn out
    /// broken.
    public abstract int available();

    /// Look at the ring once: how many chains [#pop] may find before it has to look again. An upper bound; what is
    /// wrong with the ring, pop says.
    public abstract int offered();

    /// What GET_VRING_BASE answers. Meaningful when nothing is in flight.
    public abstract int base();

    /// Find the ring's bytes in a setup's memory and check them; change nothing if that fails.
    abstract void resolve(QueueSetup next);

    /// Forget what was seen of the driver's index, so that the next pop looks at the gate.
    abstract void forgetSeen();

    /// Point every ring access at bytes of our own.
    abstract void detach();

    /// Chains taken and not completed, those to resubmit that were not popped again included: a queue that drains
    /// pops until [#recovered()] is 0, then completes.
    public abstract int inFlight();

    /// Chains recovered from the inflight region that are still to be popped.
    public final int recovered() {
        return recovered.length - recoveredAt;
    }

    /// The setup in force.
    public final QueueSetup setup() {
        return setup;
    }

    /// Why the ring is broken, or null.
    public final @Nullable QueueFault fault() {
        return fault;
    }

    /// Break the ring: the first reason stays (but lost memory always counts), the error signal is raised once. For
    /// the owner too, when it finds an address outside guest memory or loses the memory itself.
    ///
    /// @return the negative code of the reason in force
    public final int breakRing(QueueFault reason) {
        if (reason == QueueFault.MEMORY_LOST && fault != QueueFault.MEMORY_LOST) {
            detach();
            final boolean first = fault == null;
            fault = reason;
            if (first) {
                setup.error().raise();
            }
        } else if (fault == null) {
            fault = reason;
            setup.error().raise();
        }
        forgetSeen();
        regate();
        return -fault.code();
    }

    private void regate() {
        gated = fault != null || !setup.enabled() || recovered() > 0;
    }

    /// Hand requests over for resubmission, marked as taken.
    final void recover(int[] inOrder) {
        recovered = inOrder;
        recoveredAt = 0;
        for (final int id : inOrder) {
            taken[id] = true;
        }
        callOwed = true;
        regate();
    }

    /// Pay the call that is owed.
    ///
    /// @return whether there is still somebody to call
    final boolean oweNoMore() {
        callOwed = false;
        return fault != QueueFault.MEMORY_LOST;
    }

    /// The next request to resubmit, while [#recovered()] is not 0.
    final int nextRecovered() {
        return recovered[recoveredAt];
    }

    /// The next request was resubmitted.
    final void advanceRecovered() {
        recoveredAt++;
        regate();
    }

    /// What forbids taking from the ring, as a result of pop: a negative code, 0, or 1 to go on with recovered
    /// ones.
    final int gate() {
        if (fault != null) {
            return -fault.code();
        }
        return setup.enabled() ? 1 : 0;
    }

    /// The rules for a descriptor that refers to an indirect table (virtio 1.2 sections 2.7.5.3 and 2.8.7).
    final @Nullable QueueFault indirectViolation(int length, int flags) {
        if (!indirectAllowed) {
            return QueueFault.INDIRECT_NOT_NEGOTIATED;
        }
        if ((flags & VirtqueueSpec.VIRTQ_DESC_F_NEXT) != 0) {
            return QueueFault.INDIRECT_WITH_NEXT;
        }
        // A table of 2 GiB or more has a negative length here.
        if (length <= 0 || length % VirtqueueSpec.DESCRIPTOR_BYTES != 0) {
            return QueueFault.INDIRECT_BAD_LENGTH;
        }
        return null;
    }

    /// The region that holds an indirect table, or -1. A table that crosses from one region into the next is
    /// refused: drivers allocate tables in one piece, and one exact segment keeps the walk bounds-checked.
    final int tableRegion(long address, int length) {
        final int region = memory.find(address, length, tableRegion);
        if (region >= 0) {
            tableRegion = region;
        }
        return region;
    }

    private static int checkedSize(QueueSetup setup) {
        final int size = setup.size();
        if (size < 1 || size > VirtqueueSpec.QUEUE_SIZE_MAX) {
            throw new QueueSetupException("queue " + setup.index() + ": size " + size + " is not 1 to 32768");
        }
        return size;
    }

    /// Resolve a part of the ring.
    ///
    /// @return its address in this process; all of its bytes are guest memory
    static long part(QueueSetup setup, String name, long address, long bytes, int alignment) {
        final MemorySegment part = setup.memory().findUser(address, bytes);
        if (part == null) {
            throw new QueueSetupException("queue " + setup.index() + ": " + name + " 0x" + Long.toHexString(address)
                    + ", " + bytes + " bytes, is not inside one memory region");
        }
        if (address % alignment != 0 || part.address() % alignment != 0) {
            throw new QueueSetupException("queue " + setup.index() + ": " + name + " 0x" + Long.toHexString(address)
                    + " is not a multiple of " + alignment);
        }
        return part.address();
    }

    /// Check an inflight part, which comes from the front end.
    static MemorySegment inflightPart(QueueSetup setup, MemorySegment part, long bytes) {
        if (part.byteSize() < bytes || part.address() % Long.BYTES != 0) {
            throw new QueueSetupException("queue " + setup.index() + ": inflight region has " + part.byteSize()
                    + " bytes for this queue, needs " + bytes + " at a multiple of 8");
        }
        return part;
    }

    /// Private bytes that stand in for a part of a ring whose memory is gone.
    ///
    /// @return their address; they stay as long as this queue does
    final long scratch(long bytes) {
        return scratch.allocate(bytes, VirtqueueSpec.DESCRIPTOR_ALIGNMENT).address();
    }
}
