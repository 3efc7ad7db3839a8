package io.basalt.virtio.scsi;

import static io.basalt.virtio.scsi.ScsiHostSpec.NOTIFICATION_LENGTH;
import static io.basalt.virtio.scsi.ScsiHostSpec.TMF_LENGTH;

import io.basalt.block.IoVector;
import io.basalt.reactor.Engine;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.Virtqueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/// The control queue of a controller: task management, and the asynchronous notifications that no target has.
///
/// Control plane: a request is an object, and what it asks for is done by the [ScsiDesk]. Answers come from a later
/// poll, in the order in which they are known.
public final class ScsiControlQueue extends ScsiRing {
    private final ScsiDesk desk;
    private final TargetTable targets;
    private final Deque<Answer> answers = new ArrayDeque<>();
    private int inFlight;

    /// Which targets are there.
    @FunctionalInterface
    public interface TargetTable {
        /// Whether a target is there. Any thread.
        boolean has(int target);
    }

    /// A request that waits for its answer, and later that answer.
    private static final class Answer {
        private final int id;
        private final IoVector place;
        private int response;

        private Answer(int id, IoVector place) {
            this.id = id;
            this.place = place;
        }
    }

    /// @param engine of this reactor: watches the kick descriptor
    /// @param listener told when the queue breaks
    public ScsiControlQueue(int index, ScsiDesk desk, TargetTable targets, Engine engine, Listener listener) {
        super(index, engine, listener);
        this.desk = desk;
        this.targets = targets;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    void prepare(int size) {
        answers.clear();
    }

    @Override
    void useMemory(GuestMemory before, GuestMemory now) {
        // Nothing is registered for it.
    }

    @Override
    void hurry(boolean wanted) {
        // What is managed is hurried in the request queues.
    }

    @Override
    boolean isBusy() {
        return !answers.isEmpty();
    }

    @Override
    boolean wantsChains() {
        return true;
    }

    @Override
    int serve(Virtqueue queue, long nowNs) {
        int work = 0;
        for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
            inFlight--;
            work++;
            if (!isUntouchable()) {
                DescriptorWindow.copyTo(answer.place, new byte[] {(byte) answer.response});
                window().mark(answer.place);
                complete(queue, answer.id, 1);
            }
        }
        final int most = takes(queue) ? Math.min(queue.offered(), BATCH_LENGTH) : 0;
        for (int i = 0; i < most && takes(queue); i++) {
            final int popped = queue.pop(window().chain());
            if (popped < 0) {
                fail(queue, Objects.requireNonNull(queue.fault()));
            }
            if (popped <= 0) {
                break;
            }
            work++;
            begin(queue);
        }
        return work;
    }

    private void begin(Virtqueue queue) {
        final DescriptorWindow from = window();
        final int id = from.chain().id();
        final byte[] request = new byte[TMF_LENGTH];
        final IoVector place = new IoVector(1);
        if (from.chain().writableBytes() == 0) {
            fail(queue, QueueFault.ANSWER_MISSING);
        } else if (!from.writable(0, 1, place)) {
            fail(queue, QueueFault.ADDRESS_OUTSIDE_MEMORY);
        } else if (!from.copyOut(0, request, Integer.BYTES)) {
            answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_FAILURE);
        } else {
            switch ((int) load(request, 0, Integer.BYTES)) {
                case ScsiHostSpec.VIRTIO_SCSI_T_TMF -> manage(queue, request, id, place);
                case ScsiHostSpec.VIRTIO_SCSI_T_AN_QUERY, ScsiHostSpec.VIRTIO_SCSI_T_AN_SUBSCRIBE ->
                    notification(queue, request, id, place);
                default -> answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_FUNCTION_REJECTED);
            }
        }
    }

    private static long load(byte[] from, int at, int length) {
        long value = 0;
        for (int i = length - 1; i >= 0; i--) {
            value = value << 8 | (from[at + i] & 0xff);
        }
        return value;
    }

    private void answerNow(Virtqueue queue, int id, IoVector place, int response) {
        DescriptorWindow.copyTo(place, new byte[] {(byte) response});
        window().mark(place);
        complete(queue, id, 1);
    }

    /// None of the notifications is there: the answer is `{le32 event_actual = 0; u8 response}`.
    private void notification(Virtqueue queue, byte[] request, int id, IoVector place) {
        final byte[] answer = new byte[Integer.BYTES + 1];
        final boolean whole = window().copyOut(0, request, NOTIFICATION_LENGTH);
        if (whole && !hasTarget(load(request, 4, Long.BYTES))) {
            answer[Integer.BYTES] = ScsiHostSpec.VIRTIO_SCSI_S_BAD_TARGET;
        }
        if (whole && window().copyIn(0, answer, answer.length)) {
            complete(queue, id, answer.length);
        } else {
            answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_FAILURE);
        }
    }

    private boolean hasTarget(long address) {
        final int target = LunAddress.target(address);
        return target >= 0 && targets.has(target);
    }

    private void manage(Virtqueue queue, byte[] request, int id, IoVector place) {
        if (!window().copyOut(0, request, TMF_LENGTH)) {
            answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_FAILURE);
            return;
        }
        final int function = (int) load(request, 4, Integer.BYTES);
        final long address = load(request, 8, Long.BYTES);
        final long tag = load(request, 16, Long.BYTES);
        if (!hasTarget(address)) {
            answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_BAD_TARGET);
            return;
        }
        final boolean ofUnit = function != ScsiHostSpec.VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET;
        if (ofUnit && LunAddress.lun(address) != 0) {
            answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_INCORRECT_LUN);
            return;
        }
        switch (function) {
            case ScsiHostSpec.VIRTIO_SCSI_T_TMF_ABORT_TASK,
                    ScsiHostSpec.VIRTIO_SCSI_T_TMF_ABORT_TASK_SET,
                    ScsiHostSpec.VIRTIO_SCSI_T_TMF_CLEAR_TASK_SET,
                    ScsiHostSpec.VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET,
                    ScsiHostSpec.VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET,
                    ScsiHostSpec.VIRTIO_SCSI_T_TMF_QUERY_TASK,
                    ScsiHostSpec.VIRTIO_SCSI_T_TMF_QUERY_TASK_SET -> {
                final Answer answer = new Answer(id, place);
                inFlight++;
                desk.manage(LunAddress.target(address), function, tag, response -> {
                    answer.response = response;
                    answers.add(answer);
                });
            }
            // There is no auto contingent allegiance to clear.
            default -> answerNow(queue, id, place, ScsiHostSpec.VIRTIO_SCSI_S_FUNCTION_REJECTED);
        }
    }
}
