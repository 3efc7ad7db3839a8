package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Background;
import io.basalt.net.Incoming;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The repair of blocks of this device that cannot be read, one range after the other: as primary by writing them
/// again with what another copy has, else by asking the primary to ([DataMessage#REPAIR]). And the same for copies
/// that ask this device.
///
/// A repair is a change like any other: it has a version, an order, and is on every copy when it is over. The copy that
/// is repaired is never a source, each source compares checksums, and nothing is taken away before the new content is
/// durable: so what is corrupt is not spread, and what only one copy has is not lost. To repair twice does no harm.
/// Control plane; one owner reactor.
final class Repairs implements Change.Listener, ReplicaCall.Owner {
    /// Ranges that wait at most; what is beyond is found again by the next walk.
    static final int WAITING_MAX = 4096;

    /// Ranges that are written again for other copies at once.
    static final int FOR_OTHERS_MAX = 16;

    private static final int BLOCKS_MAX = DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES;
    private static final int TRIES_MAX = 20;
    private static final long PAUSE_NS = 100_000_000L;

    /// A range of blocks that cannot be read here.
    private static final class Range {
        final long partId;
        final int shardIndex;
        final int first;
        int count = 1;
        int tries;

        Range(long partId, int shardIndex, int first) {
            this.partId = partId;
            this.shardIndex = shardIndex;
            this.first = first;
        }

        boolean isOf(long part, int shard) {
            return partId == part && shardIndex == shard;
        }
    }

    /// A range that is being written again for another copy.
    private final class ForOther implements Change.Listener {
        private @Nullable Incoming incoming;
        private int epoch;

        @Override
        public void changed(AnswerCode code) {
            final Incoming in = Objects.requireNonNull(incoming);
            incoming = null;
            forOthers.give(this);
            if (code == AnswerCode.OK) {
                final int blocks = ShardRange.length(in.body()) / DataMessage.BLOCK_BYTES;
                device.counters().add(Counter.REPAIRED_FOR_OTHERS, blocks);
            }
            device.answer(in, code, epoch, 0);
        }
    }

    private final ChunkDevice device;
    private final ArrayDeque<Range> waiting = new ArrayDeque<>();
    private final Pool<ForOther> forOthers;
    private ScrubListener listener = (_, _, _, _, _) -> {};
    private boolean isUnderWay;
    private long nextNs;
    private long partId;
    private int shardIndex;
    private int repaired;
    private int unreadable;
    private int deferred;

    Repairs(ChunkDevice device) {
        this.device = device;
        forOthers = new Pool<>(FOR_OTHERS_MAX, ForOther::new);
        nextNs = device.nowNs();
    }

    void listener(ScrubListener hears) {
        listener = hears;
    }

    /// Whether there is nothing to repair here.
    boolean isIdle() {
        return waiting.isEmpty() && !isUnderWay;
    }

    int waiting() {
        return waiting.size();
    }

    /// A block was found that cannot be read.
    ///
    /// @return false if that is known already
    boolean add(long part, int shard, int block) {
        for (final Range each : waiting) {
            if (each.isOf(part, shard) && block >= each.first && block < each.first + each.count) {
                return false;
            }
        }
        final Range last = waiting.peekLast();
        final boolean isFirst = isUnderWay && waiting.size() == 1;
        if (last != null
                && !isFirst
                && last.isOf(part, shard)
                && block == last.first + last.count
                && last.count < BLOCKS_MAX) {
            last.count++;
        } else if (waiting.size() < WAITING_MAX) {
            waiting.add(new Range(part, shard, block));
        }
        return true;
    }

    /// Start the next repair, if there is one and none is under way.
    void tick(long nowNs) {
        final Range range = waiting.peek();
        if (range == null || isUnderWay || nowNs - nextNs < 0) {
            return;
        }
        if (!range.isOf(partId, shardIndex)) {
            tell();
            partId = range.partId;
            shardIndex = range.shardIndex;
        }
        final PgReplica replica = device.replicaOf(device.pgOf(range.partId, range.shardIndex));
        if (replica == null || replica.state() == PgState.ABSENT) {
            waiting.remove();
        } else if (replica.isServing()) {
            // It may end before the call returns: when no other copy can be asked.
            isUnderWay = true;
            final Rewriting what = new Rewriting(
                    replica,
                    range.partId,
                    range.shardIndex,
                    range.first * DataMessage.BLOCK_BYTES,
                    range.count * DataMessage.BLOCK_BYTES,
                    Background.REPAIR,
                    this);
            if (!device.work().rebuild(what, Sources.ALL_OTHERS)) {
                isUnderWay = false;
            }
        } else {
            isUnderWay = true;
            if (replica.state() != PgState.SECONDARY || !ask(replica, range, nowNs)) {
                isUnderWay = false;
                later(range);
            }
        }
    }

    private boolean ask(PgReplica replica, Range range, long nowNs) {
        final int primary = replica.primary();
        final ReplicaCall call = primary == 0 || primary == device.deviceId() ? null : device.takeCall();
        if (call == null) {
            return false;
        }
        final Peer peer = device.peer(primary);
        call.prepare(
                this,
                DataMessage.REPAIR,
                replica.pg(),
                replica.ownEpoch(),
                nowNs + 2 * device.settings().callNs());
        ShardRange.target(call.body(), 0, 0, range.partId, range.shardIndex, replica.pg(), replica.ownEpoch());
        ShardRange.range(call.body(), range.first * DataMessage.BLOCK_BYTES, range.count * DataMessage.BLOCK_BYTES, 0);
        ReplicaRequest.order(call.body(), peer.session(), device.deviceId());
        if (!peer.send(call)) {
            device.giveCall(call);
            return false;
        }
        return true;
    }

    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        device.giveCall(call);
        ended(code == null ? AnswerCode.NO_LEASE : code);
    }

    @Override
    public void changed(AnswerCode code) {
        ended(code);
    }

    private void ended(AnswerCode code) {
        isUnderWay = false;
        final Range range = waiting.element();
        if (code == AnswerCode.OK) {
            waiting.remove();
            repaired += range.count;
            device.counters().add(Counter.REPAIRED, range.count);
        } else if (code == AnswerCode.CORRUPT && range.count > 1) {
            // One that no copy has must not keep its neighbours from being repaired.
            waiting.remove();
            for (int block = range.first + range.count - 1; block >= range.first; block--) {
                waiting.addFirst(new Range(range.partId, range.shardIndex, block));
            }
        } else if (code == AnswerCode.CORRUPT || code == AnswerCode.IO_ERROR) {
            waiting.remove();
            unreadable += range.count;
            device.counters().add(Counter.UNREPAIRABLE, range.count);
        } else {
            later(range);
        }
        if (waiting.isEmpty()) {
            tell();
        }
    }

    /// Not now: whoever leads is not ready, or cannot be reached.
    private void later(Range range) {
        nextNs = device.nowNs() + PAUSE_NS;
        range.tries++;
        waiting.remove();
        if (range.tries < TRIES_MAX) {
            waiting.add(range);
        } else {
            deferred += range.count;
            if (waiting.isEmpty()) {
                tell();
            }
        }
    }

    private void tell() {
        if (repaired + unreadable + deferred > 0) {
            listener.shard(partId, shardIndex, repaired, unreadable, deferred);
        }
        repaired = 0;
        unreadable = 0;
        deferred = 0;
    }

    // For copies that ask.

    /// A copy asks for blocks that it cannot read. The message has been checked for its own rules.
    void asked(Incoming in, PgReplica replica) {
        final MemorySegment body = in.body();
        final int epoch = replica.epoch();
        if (device.isOutside(body, replica.pg())) {
            device.counters().count(Counter.BAD_REQUESTS);
            device.answer(in, AnswerCode.BAD_REQUEST, epoch, 0);
            return;
        }
        final int slot = slotOf(replica, (int) ReplicaRequest.version(body));
        if (!replica.isServing() || slot < 0 || ShardRange.epoch(body) != replica.ownEpoch()) {
            device.answer(in, AnswerCode.NOT_PRIMARY, epoch, 0);
            return;
        }
        final ForOther rebuilding = forOthers.take();
        if (rebuilding == null) {
            device.answer(in, AnswerCode.BUSY, epoch, 0);
            return;
        }
        rebuilding.incoming = in;
        rebuilding.epoch = epoch;
        final Rewriting what = new Rewriting(
                replica,
                ShardRange.partId(body),
                ShardRange.shardIndex(body),
                ShardRange.offset(body),
                ShardRange.length(body),
                Background.REPAIR,
                rebuilding);
        if (!device.work().rebuild(what, (Sources.SELF | Sources.ALL_OTHERS) & ~(1 << slot))) {
            rebuilding.changed(AnswerCode.BUSY);
        }
    }

    private static int slotOf(PgReplica replica, int deviceId) {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.peer().deviceId() == deviceId) {
                return slot;
            }
        }
        return -1;
    }
}
