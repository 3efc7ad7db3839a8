package io.basalt.virtio.scsi;

import io.basalt.reactor.Engine;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.Virtqueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/// The event queue of a controller: tells the driver of targets that come, go, or have another size.
///
/// The driver leaves empty buffers in the ring; an event takes one. Events for which there is none wait, up to
/// [#WAITING_MAX]; those beyond are lost, and the next that is told says so (`VIRTIO_SCSI_T_EVENTS_MISSED`).
public final class ScsiEventQueue extends ScsiRing {
    /// Most events that wait for a buffer.
    static final int WAITING_MAX = 64;

    private final Deque<Event> waiting = new ArrayDeque<>();
    private boolean missed;

    private record Event(int event, long lun, int reason) {}

    /// @param engine of this reactor: watches the kick descriptor
    /// @param listener told when the queue breaks
    public ScsiEventQueue(int index, Engine engine, Listener listener) {
        super(index, engine, listener);
    }

    /// Tell the driver of something.
    ///
    /// @param event a `VIRTIO_SCSI_T_*`
    /// @param reason what it means for that event
    public void post(int event, int target, int reason) {
        if (waiting.size() >= WAITING_MAX) {
            missed = true;
        } else {
            waiting.add(new Event(event, LunAddress.of(target), reason));
        }
    }

    @Override
    public int inFlight() {
        return 0;
    }

    @Override
    void prepare(int size) {
        // A driver that starts looks for itself.
        waiting.clear();
        missed = false;
    }

    @Override
    void useMemory(GuestMemory before, GuestMemory now) {
        // Nothing is registered for it.
    }

    @Override
    void hurry(boolean wanted) {
        // Nothing is in flight.
    }

    @Override
    boolean isBusy() {
        return false;
    }

    @Override
    boolean wantsChains() {
        return !waiting.isEmpty();
    }

    @Override
    int serve(Virtqueue queue, long nowNs) {
        int work = 0;
        while (takes(queue) && (!waiting.isEmpty() || queue.recovered() > 0)) {
            final int popped = queue.pop(window().chain());
            if (popped < 0) {
                fail(queue, Objects.requireNonNull(queue.fault()));
            }
            if (popped <= 0) {
                break;
            }
            work++;
            tell(queue);
        }
        return work;
    }

    private void tell(Virtqueue queue) {
        final int id = window().chain().id();
        if (window().chain().writableBytes() < ScsiHostSpec.EVENT_LENGTH) {
            fail(queue, QueueFault.ANSWER_MISSING);
            return;
        }
        final Event next = waiting.poll();
        final byte[] bytes = new byte[ScsiHostSpec.EVENT_LENGTH];
        if (next != null) {
            store(bytes, 0, next.event() | (missed ? ScsiHostSpec.VIRTIO_SCSI_T_EVENTS_MISSED : 0));
            store(bytes, 4, (int) next.lun());
            store(bytes, 8, (int) (next.lun() >>> 32));
            store(bytes, 12, next.reason());
            missed = false;
        }
        if (window().copyIn(0, bytes, bytes.length)) {
            complete(queue, id, bytes.length);
        } else {
            fail(queue, QueueFault.ADDRESS_OUTSIDE_MEMORY);
        }
    }

    private static void store(byte[] to, int at, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            to[at + i] = (byte) (value >> (8 * i));
        }
    }
}
