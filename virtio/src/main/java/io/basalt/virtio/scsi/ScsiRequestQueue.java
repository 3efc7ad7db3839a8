package io.basalt.virtio.scsi;

import io.basalt.block.BlockStatus;
import io.basalt.block.MemoryFault;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Engine;
import io.basalt.scsi.Nexus;
import io.basalt.scsi.ScsiProcessor;
import io.basalt.scsi.ScsiSpec;
import io.basalt.virtio.blk.BlkQueueCounters;
import io.basalt.virtio.blk.BlkQueueCounters.Kind;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.Virtqueue;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One request queue of a controller: takes commands, has targets execute them, answers them.
///
/// One poll: commands that a volume or the control reactor has completed go on, then at most a batch of chains is
/// taken, then all answers become visible at once. Nothing on the way of a read, write, flush or unmap allocates.
///
/// Targets come and go while the queue runs ([#attach], [#detach]). A command for a target that is not there is
/// answered BAD TARGET.
///
/// A command is never cancelled at its volume: what has been submitted may still happen, so managing tasks means
/// waiting until they are answered ([#fence]).
public final class ScsiRequestQueue extends ScsiRing {
    /// Most commands in flight.
    public static final int REQUEST_COUNT_MAX = 1024;

    /// No more chains are taken in a poll once they carry this much data.
    private static final int BATCH_BYTES = 4 << 20;

    /// Pieces of data that a command may have: those of `seg_max`, and more for drivers with larger rings.
    private static final int DATA_PIECES_MIN = 258;

    private final ScsiDevice device;
    private final ScsiDesk desk;
    private final RegionTable workspace;
    private final ScsiProcessor processor;
    private final ScsiRequestPool pool = new ScsiRequestPool();
    private final @Nullable Lane[] lanes = new Lane[ScsiDevice.TARGET_COUNT_MAX];
    private final List<Fence> fences = new ArrayList<>();
    private long sequence;
    private int inFlight;

    /// Somebody who waits for what has arrived.
    private static final class Fence {
        private final int target;
        private final Runnable passed;
        private int toTake;
        private long upTo = -1;

        private Fence(int target, int toTake, Runnable passed) {
            this.target = target;
            this.toTake = toTake;
            this.passed = passed;
        }
    }

    /// @param engine of this reactor: watches the kick descriptor
    /// @param listener told when the queue breaks
    public ScsiRequestQueue(ScsiDevice device, int index, ScsiDesk desk, Engine engine, Listener listener) {
        super(index, engine, listener);
        this.device = device;
        this.desk = desk;
        workspace = ScsiProcessor.workspace(
                Arena.ofAuto().allocate(ScsiProcessor.WORKSPACE_LENGTH, ScsiProcessor.WORKSPACE_LENGTH));
        processor = new ScsiProcessor(workspace);
    }

    // ---- targets

    /// A target is there from now on.
    ///
    /// @param channel of its volume on this reactor; stays the caller's until [#detach]
    public void attach(int target, Nexus nexus, VolumeChannel channel) {
        assert lanes[target] == null;
        channel.useMemory(workspace);
        if (isServing()) {
            channel.useMemory(memory().table());
        }
        lanes[target] = new Lane(target, nexus, channel);
    }

    /// A target is there no more: its commands are answered first.
    ///
    /// @param done run once, now or from a later poll, when its channel is not used any more
    public void detach(int target, Runnable done) {
        final Lane lane = lanes[target];
        lanes[target] = null;
        if (lane == null) {
            done.run();
            return;
        }
        lane.detached = done;
        lane.channel.hurry(true);
        releaseIfIdle(lane);
    }

    private void releaseIfIdle(Lane lane) {
        final Runnable waits = lane.detached;
        if (waits != null && lane.inFlight == 0) {
            lane.detached = null;
            release(lane);
            waits.run();
        }
    }

    private void release(Lane lane) {
        if (isServing()) {
            lane.channel.releaseMemory(memory().table());
        }
        lane.channel.releaseMemory(workspace);
    }

    /// What was counted for a target, or null if there is none. Any thread may read the counters.
    public @Nullable BlkQueueCounters counters(int target) {
        final Lane lane = lanes[target];
        return lane == null ? null : lane.counters;
    }

    // ---- task management

    /// Wait until every command for a target that has arrived by now is answered.
    ///
    /// @param passed run once, now or from a later poll
    public void fence(int target, Runnable passed) {
        if (!isServing() || isUntouchable()) {
            passed.run();
            return;
        }
        // No more than fit into the ring can have arrived.
        fences.add(new Fence(target, window().ringSize(), passed));
    }

    /// Whether a command is under way.
    ///
    /// @param any whether any of the target's is meant, not only one of this tag
    public boolean holds(int target, boolean any, long tag) {
        return isServing() && pool.holds(target, any, tag);
    }

    private void passFences(Virtqueue queue) {
        for (int i = fences.size() - 1; i >= 0; i--) {
            final Fence fence = fences.get(i);
            final boolean nothingLeft = queue.available() == 0 && queue.recovered() == 0;
            if (fence.upTo < 0 && (fence.toTake == 0 || !takes(queue) || nothingLeft)) {
                fence.upTo = sequence;
            }
            hurry(true);
            if (fence.upTo >= 0 && !pool.holdsUpTo(fence.target, fence.upTo)) {
                fences.remove(i);
                fence.passed.run();
            }
        }
    }

    private void takenOne() {
        for (int i = 0; i < fences.size(); i++) {
            final Fence fence = fences.get(i);
            if (fence.toTake > 0) {
                fence.toTake--;
            }
        }
    }

    // ---- the ring

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    void prepare(int size) {
        final int count = Math.min(size, REQUEST_COUNT_MAX);
        pool.reset(count, Math.max(size, DATA_PIECES_MIN), this::completed);
    }

    @Override
    void useMemory(GuestMemory before, GuestMemory now) {
        for (final Lane lane : lanes) {
            if (lane != null && now != GuestMemory.EMPTY) {
                lane.channel.useMemory(now.table());
            }
            if (lane != null && before != GuestMemory.EMPTY) {
                lane.channel.releaseMemory(before.table());
            }
        }
        if (now == GuestMemory.EMPTY) {
            // The ring is let go of, and nothing is in flight.
            final List<Fence> all = List.copyOf(fences);
            fences.clear();
            all.forEach(fence -> fence.passed.run());
        }
    }

    @Override
    void hurry(boolean wanted) {
        for (final Lane lane : lanes) {
            if (lane != null) {
                lane.channel.hurry(wanted);
            }
        }
    }

    @Override
    boolean isBusy() {
        return pool.hasCompleted() || !fences.isEmpty();
    }

    @Override
    boolean wantsChains() {
        return !pool.isEmpty() && inFlight < device.inFlightMax();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a channel is itself and no other
    int serve(Virtqueue queue, long nowNs) {
        for (final Lane lane : lanes) {
            if (lane != null) {
                final VolumeChannel shortcut = lane.channel.shortcut();
                if (lane.path != shortcut) {
                    lane.path = shortcut;
                }
            }
        }
        int work = pool.hasCompleted() ? resume(queue, nowNs) : 0;
        if (takes(queue)) {
            work += take(queue, nowNs);
        }
        if (!fences.isEmpty()) {
            passFences(queue);
        }
        return work;
    }

    private int take(Virtqueue queue, long nowNs) {
        final int most = Math.min(Math.min(queue.offered(), BATCH_LENGTH), device.inFlightMax() - inFlight);
        final DescriptorWindow from = window();
        int count = 0;
        long bytes = 0;
        while (count < most && bytes < BATCH_BYTES && takes(queue)) {
            final ScsiRequest request = pool.take();
            if (request == null) {
                break;
            }
            final int popped = queue.pop(from.chain());
            if (popped <= 0) {
                pool.giveBack(request);
                if (popped < 0) {
                    fail(queue, Objects.requireNonNull(queue.fault()));
                    return count + 1;
                }
                break;
            }
            count++;
            sequence++;
            if (!fences.isEmpty()) {
                takenOne();
            }
            request.id = from.chain().id();
            request.startNs = nowNs;
            request.sequence = sequence;
            request.lane = null;
            begin(queue, request, nowNs);
            bytes += request.moved();
        }
        return count;
    }

    private void begin(Virtqueue queue, ScsiRequest request, long nowNs) {
        final DescriptorWindow from = window();
        if (!ScsiRequest.hasAnswer(from)) {
            pool.giveBack(request);
            fail(queue, QueueFault.ANSWER_MISSING);
            return;
        }
        if (!request.findAnswer(from)) {
            pool.giveBack(request);
            fail(queue, QueueFault.ADDRESS_OUTSIDE_MEMORY);
            return;
        }
        if (!request.readHeader(from)) {
            refuse(queue, request, ScsiHostSpec.VIRTIO_SCSI_S_FAILURE);
            return;
        }
        final int target = LunAddress.target(request.address());
        final Lane lane = target >= 0 ? lanes[target] : null;
        if (lane == null) {
            refuse(queue, request, ScsiHostSpec.VIRTIO_SCSI_S_BAD_TARGET);
            return;
        }
        request.lane = lane;
        request.kind = kindOf(request.cdb()[0] & 0xff);
        final int verdict = processor.begin(request, lane.nexus, LunAddress.lun(request.address()), request);
        carryOn(queue, request, lane, verdict, nowNs);
    }

    private static int kindOf(int opcode) {
        return switch (opcode) {
            case ScsiSpec.READ_6, ScsiSpec.READ_10, ScsiSpec.READ_12, ScsiSpec.READ_16 -> BlkQueueCounters.READ;
            case ScsiSpec.WRITE_6, ScsiSpec.WRITE_10, ScsiSpec.WRITE_12, ScsiSpec.WRITE_16 -> BlkQueueCounters.WRITE;
            case ScsiSpec.SYNCHRONIZE_CACHE_10, ScsiSpec.SYNCHRONIZE_CACHE_16 -> BlkQueueCounters.FLUSH;
            case ScsiSpec.UNMAP, ScsiSpec.WRITE_SAME_10, ScsiSpec.WRITE_SAME_16 -> BlkQueueCounters.UNMAP;
            default -> BlkQueueCounters.OTHER;
        };
    }

    /// Do steps until one has to be waited for.
    private void carryOn(Virtqueue queue, ScsiRequest request, Lane lane, int first, long nowNs) {
        int verdict = first;
        while (verdict == ScsiProcessor.SUBMIT) {
            final BlockStatus status = lane.path.submit(request);
            if (status == BlockStatus.PENDING) {
                inFlight++;
                lane.inFlight++;
                return;
            }
            verdict = processor.proceed(request, status);
        }
        if (verdict == ScsiProcessor.ERRAND) {
            inFlight++;
            lane.inFlight++;
            request.onErrand = true;
            desk.errand(request, outcome -> {
                request.onErrand = false;
                request.errandEnded = true;
                request.errandOutcome = outcome;
                pool.addCompleted(request);
            });
            return;
        }
        final int written = request.answer();
        final boolean ok = request.status() == ScsiSpec.GOOD;
        lane.counters.answered(request.kind, ok ? request.moved() : 0, nowNs - request.startNs);
        if (!ok) {
            lane.counters.failed();
        }
        complete(queue, request.id, written);
        pool.giveBack(request);
    }

    private void refuse(Virtqueue queue, ScsiRequest request, int how) {
        complete(queue, request.id, request.refuse(how));
        pool.giveBack(request);
    }

    private void completed(ScsiRequest request, BlockStatus status) {
        assert inFlight > 0;
        request.result = status;
        pool.addCompleted(request);
    }

    private int resume(Virtqueue queue, long nowNs) {
        int count = 0;
        for (ScsiRequest request = pool.takeCompleted(); request != null; request = pool.takeCompleted()) {
            // Counted before guest memory is touched: if that vanishes just now, the count is still right.
            final Lane lane = Objects.requireNonNull(request.lane);
            inFlight--;
            lane.inFlight--;
            count++;
            if (isUntouchable()) {
                processor.abandon(request);
                request.errandEnded = false;
                pool.giveBack(request);
            } else {
                carryOn(queue, request, lane, verdictOf(request), nowNs);
            }
            releaseIfIdle(lane);
            MemoryFault.surface();
        }
        return count;
    }

    private int verdictOf(ScsiRequest request) {
        if (request.errandEnded) {
            request.errandEnded = false;
            ScsiProcessor.errandDone(request, request.errandOutcome);
            return ScsiProcessor.DONE;
        }
        return processor.proceed(request, request.result);
    }

    /// Requests answered, of all targets. Any thread.
    public long requests() {
        long sum = 0;
        for (final Lane lane : lanes) {
            if (lane != null) {
                for (final Kind kind : Kind.values()) {
                    sum += lane.counters.operations(kind);
                }
            }
        }
        return sum;
    }

    /// Bytes moved by them. Any thread.
    public long bytes() {
        long sum = 0;
        for (final Lane lane : lanes) {
            if (lane != null) {
                for (final Kind kind : Kind.values()) {
                    sum += lane.counters.bytes(kind);
                }
            }
        }
        return sum;
    }
}
