package io.basalt.gate.qos;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.MemoryFault;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.TimerTask;
import org.jspecify.annotations.Nullable;

/// A limited volume's way in on one reactor.
///
/// ```
///              pays                 due now, and nobody waits
///   submit ───────────▶ Allowance ────────────────────────────────▶ channel below
///                          │ due later                                  ▲
///                          ▼                                            │ timer of the reactor
///                       WaitingLine (reads, writes) ────────────────────┘
/// ```
///
/// A request pays when it is submitted and then has a time at which it goes, whatever others do meanwhile; so requests
/// of all queues on all reactors go in the order in which they came, and what fails has paid. Those of one channel go
/// in this order too, but for reads and writes passing one another where these have limits of their own. A wait ends
/// early when somebody waits for all that is in flight ([#hurry]); paid is paid.
///
/// While nothing is limited the channel is not on the way at all: [#shortcut()].
///
/// Concurrency: lives on its reactor, but for its counters.
final class LimitedChannel extends TimerTask implements VolumeChannel {
    /// Most requests released in one go of the timer: the others of the reactor have their turn too.
    private static final int BATCH_LENGTH = 256;

    private final LimitedVolume volume;
    private final Reactor reactor;
    private final VolumeChannel below;
    private final QosCounters counters = new QosCounters();
    private final WaitingLine reads = new WaitingLine();
    private final WaitingLine writes = new WaitingLine();

    private @Nullable Allowance allowance;
    private long armedForNs;
    private boolean closed;

    LimitedChannel(LimitedVolume volume, Reactor reactor, VolumeChannel below) {
        this.volume = volume;
        this.reactor = reactor;
        this.below = below;
    }

    Reactor reactor() {
        return reactor;
    }

    /// What was held back. Any thread.
    QosCounters counters() {
        return counters;
    }

    @Override
    public VolumeChannel shortcut() {
        return allowance == null ? below : this;
    }

    @Override
    public BlockStatus submit(BlockRequest request) {
        final Allowance own = allowance;
        return own == null ? below.submit(request) : submit(request, own);
    }

    private BlockStatus submit(BlockRequest request, Allowance own) {
        assert reactor.inLoop();
        MemoryFault.surface();
        final WaitingLine line = line(request, own);
        final long nowNs = reactor.nowNs();
        final long dueNs = own.pay(request, nowNs);
        if (dueNs <= nowNs && line.isEmpty()) {
            return below.submit(request);
        }
        line.add(request, dueNs, nowNs);
        counters.held();
        arm(line.dueNs());
        return BlockStatus.PENDING;
    }

    private WaitingLine line(BlockRequest request, Allowance own) {
        return own.directional() && request.operation() == BlockOperation.READ ? reads : writes;
    }

    private void arm(long dueNs) {
        if (!isScheduled() || dueNs < armedForNs) {
            armedForNs = dueNs;
            reactor.schedule(this, dueNs - reactor.nowNs());
        }
    }

    @Override
    protected void expired(long nowNs) {
        release(reads, nowNs, BATCH_LENGTH);
        release(writes, nowNs, BATCH_LENGTH);
        armForWaiting();
    }

    private void armForWaiting() {
        if (!reads.isEmpty()) {
            arm(reads.dueNs());
        }
        if (!writes.isEmpty()) {
            arm(writes.dueNs());
        }
    }

    /// Let go what is due, at most so many.
    private void release(WaitingLine line, long untilNs, int most) {
        for (int left = most; left > 0 && !line.isEmpty() && line.dueNs() <= untilNs; left--) {
            final long waitedNs = Math.max(0, reactor.nowNs() - line.sinceNs());
            counters.released(waitedNs);
            final BlockRequest request = line.take();
            request.times().held(waitedNs);
            passOn(request);
        }
    }

    private void passOn(BlockRequest request) {
        BlockStatus status;
        try {
            status = below.submit(request);
            if (status != BlockStatus.PENDING) {
                // Before the next one is taken off its line; what is pending belongs to the channel below.
                MemoryFault.surface();
            }
        } catch (InternalError memoryLost) {
            status = BlockStatus.IO_ERROR;
        }
        if (status != BlockStatus.PENDING) {
            request.completed(status);
        }
    }

    @Override
    public void hurry(boolean wanted) {
        if (wanted) {
            releaseAll();
        } else {
            drop(reads);
            drop(writes);
        }
        below.hurry(wanted);
    }

    private void releaseAll() {
        release(reads, Long.MAX_VALUE, Integer.MAX_VALUE);
        release(writes, Long.MAX_VALUE, Integer.MAX_VALUE);
    }

    private void drop(WaitingLine line) {
        while (!line.isEmpty()) {
            counters.released(Math.max(0, reactor.nowNs() - line.sinceNs()));
            line.take().completed(BlockStatus.IO_ERROR);
        }
    }

    /// Other limits hold from now on, for what waits too: it pays again, to the new ones. Control plane.
    ///
    /// @param throttle null for none
    void adopt(@Nullable Throttle throttle) {
        assert reactor.inLoop();
        if (closed) {
            return;
        }
        final Allowance next = throttle == null ? null : new Allowance(throttle);
        allowance = next;
        if (next == null) {
            releaseAll();
            return;
        }
        final WaitingLine all = merged();
        while (!all.isEmpty()) {
            final long sinceNs = all.sinceNs();
            final BlockRequest request = all.take();
            line(request, next).add(request, next.pay(request, reactor.nowNs()), sinceNs);
        }
        reactor.cancel(this);
        armForWaiting();
    }

    /// All that wait, in the order in which they came; both lines are empty afterwards.
    private WaitingLine merged() {
        final WaitingLine all = new WaitingLine();
        while (!reads.isEmpty() || !writes.isEmpty()) {
            final boolean read = writes.isEmpty() || (!reads.isEmpty() && reads.sinceNs() <= writes.sinceNs());
            final WaitingLine first = read ? reads : writes;
            final long sinceNs = first.sinceNs();
            all.add(first.take(), 0, sinceNs);
        }
        return all;
    }

    @Override
    public void useMemory(RegionTable table) {
        below.useMemory(table);
    }

    @Override
    public void releaseMemory(RegionTable table) {
        below.releaseMemory(table);
    }

    @Override
    public int inFlight() {
        return reads.count() + writes.count() + below.inFlight();
    }

    @Override
    public void close() {
        assert reads.isEmpty() && writes.isEmpty() : "requests wait";
        closed = true;
        reactor.cancel(this);
        if (allowance != null) {
            allowance.giveBack(reactor.nowNs());
        }
        volume.closed(this);
        below.close();
    }
}
