package io.basalt.simulation;

import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.reactor.Reactor;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A ring in one process of a gate: takes requests, executes them through a production channel, answers
/// them. What the gate's virtqueue code does, without its memory layout.
final class RingServer {
    private static final int ENTRIES = 4;

    private final String gate;
    private final SimProcess process;
    private final Reactor reactor;
    private final ClusterVolume volume;
    private final Ring ring;
    private final RegionTable memory;
    private final long tenure;
    private final Answered answered;

    private @Nullable VolumeChannel channel;
    private @Nullable IntConsumer stopping;
    private int next;
    private int inFlight;
    private boolean isOver;

    /// Sees answers before the guest does.
    @FunctionalInterface
    interface Answered {
        void answered(RingServer by);
    }

    /// @param memory the guest's, as this process has mapped it
    /// @param tenure of the gate, which its executions are noted by
    RingServer(
            String gate,
            SimProcess process,
            SimReactor reactor,
            ClusterVolume volume,
            Ring ring,
            RegionTable memory,
            long tenure,
            Answered answered) {
        this.gate = gate;
        this.process = process;
        this.reactor = reactor.reactor();
        this.volume = volume;
        this.ring = ring;
        this.memory = memory;
        this.tenure = tenure;
        this.answered = answered;
    }

    long tenure() {
        return tenure;
    }

    /// Whether it runs the ring no more: it has stopped, or its process is dead.
    boolean isOver() {
        return isOver || process.hasEnded();
    }

    /// Go on at a place that another process has told; nothing is under way.
    void start(int base) {
        reactor.post(() -> {
            run();
            next = base;
            poll();
        });
    }

    /// Go on after a crash: what was under way is executed again, before anything newer.
    void recover() {
        reactor.post(this::runFromRecord);
    }

    private void runFromRecord() {
        run();
        next = ring.next();
        ring.inflight().forEach(this::execute);
        poll();
    }

    private void run() {
        ring.run(this);
        final VolumeChannel opened = volume.openChannel(reactor);
        opened.useMemory(memory);
        channel = opened;
    }

    /// The guest has asked for something.
    void kicked() {
        if (!isOver()) {
            reactor.post(this::poll);
        }
    }

    private void poll() {
        while (channel != null && stopping == null) {
            final GuestRequest request = ring.take(this, next);
            if (request == null) {
                return;
            }
            next++;
            execute(request);
        }
    }

    private void execute(GuestRequest request) {
        final VolumeChannel open = channel;
        if (open == null) {
            return;
        }
        request.begins(tenure);
        inFlight++;
        final Execution execution = new Execution(request);
        final BlockStatus status = open.submit(execution);
        if (status != BlockStatus.PENDING) {
            // Never from inside of who asks.
            reactor.post(() -> execution.completed(status));
        }
    }

    /// Take nothing more, and let what is under way finish.
    ///
    /// @param stopped told where the ring goes on
    void stop(IntConsumer stopped) {
        reactor.post(() -> {
            stopping = stopped;
            stopIfDrained();
        });
    }

    private void stopIfDrained() {
        final IntConsumer stopped = stopping;
        final VolumeChannel open = channel;
        if (stopped == null || inFlight > 0 || isOver) {
            return;
        }
        isOver = true;
        if (open != null) {
            open.releaseMemory(memory);
            open.close();
        }
        channel = null;
        stopped.accept(next);
    }

    private void executed(GuestRequest request, BlockStatus status) {
        inFlight--;
        answered.answered(this);
        ring.answer(this, request, status);
        stopIfDrained();
    }

    @Override
    public String toString() {
        return gate;
    }

    /// A request on its way through this process.
    private final class Execution extends BlockRequest {
        private final GuestRequest request;

        Execution(GuestRequest request) {
            super(ENTRIES);
            this.request = request;
            prepare(request.operation(), request.offset(), request.length(), request.mayUnmap());
            data().reset(memory);
            for (int entry = 0; entry < request.data().count(); entry++) {
                data().add(
                                request.data().region(entry),
                                request.data().offset(entry),
                                request.data().length(entry));
            }
        }

        @Override
        public void completed(BlockStatus status) {
            executed(request, status);
        }
    }
}
