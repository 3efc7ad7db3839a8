package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Background;
import io.basalt.chunk.schedule.Job;
import io.basalt.chunk.schedule.Origin;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;

/// A walk over every shard of a device, again and again, that reads each block, so that its checksum is compared
/// before a client needs it. What does not match, or cannot be read, goes to [Repairs].
///
/// Bounded: so many bytes a second, one piece at a time, and each piece waits for its turn
/// ([Background#SCRUB]): beside clients that could use all of the device, the walk gets a small part of
/// it. [ScrubStatus] says how long it has waited, and when it was last at an end.
///
/// ```
///             restNs                 a piece is good
///   RESTING ─────────▶ WALKING ◀───────────────────────▶ (one read)
///      ▲                  │ a piece is bad                    │
///      │                  ▼                                   │
///      │               LOCATING: its blocks, one by one ─ bad ones ─▶ Repairs; the walk waits for them
///      └── last shard ────┘
/// ```
///
/// Control plane; one owner reactor.
public final class Scrub implements StoreStep.Owner {
    /// A TiB in a week.
    public static final long BYTES_PER_SECOND_DEFAULT = (1L << 40) / (7 * 24 * 3600);

    private static final int BLOCK = DataMessage.BLOCK_BYTES;
    private static final int PIECE = DataMessage.DATA_BYTES_MAX;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long LOOK_NS = SECOND_NS / 10;

    /// Entries looked at in one tick.
    private static final int ENTRIES_MAX = 1024;

    private enum Phase {
        RESTING,
        WALKING,
        LOCATING
    }

    private final ChunkDevice device;
    private final StoreStep step;
    private final Repairs repairs;
    private final Piece piece = new Piece();
    private Phase phase = Phase.RESTING;
    private boolean isOn;
    private long restNs = 60 * SECOND_NS;
    private long nextWalkNs;
    private long nextLookNs;

    private int from;
    private boolean hasShard;
    private boolean isLastShard;
    private long partId;
    private int shardIndex;
    private int offset;
    private int locateUntil;
    private int scratch = Scratch.NONE;

    private long walks;
    private long startedNs;
    private long endedNs;
    private long pausedNs;

    Scrub(ChunkDevice device) {
        this.device = device;
        step = new StoreStep(this, PIECE / BLOCK);
        repairs = new Repairs(device);
        nextWalkNs = device.nowNs();
        nextLookNs = nextWalkNs;
    }

    /// Walk at a rate, or not at all.
    ///
    /// @param bytesPerSecond read at most; 0 to stop the walk. What clients find corrupt is repaired all the same
    /// @param newRestNs pause between two walks
    public void rate(long bytesPerSecond, long newRestNs) {
        assert device.reactor().inLoop();
        isOn = bytesPerSecond > 0;
        restNs = newRestNs;
        nextWalkNs = Math.min(nextWalkNs, device.nowNs() + newRestNs);
        if (isOn) {
            device.work().limit(Background.SCRUB, bytesPerSecond);
        }
    }

    /// Hear of each shard that is found corrupt, instead of who did before.
    public void listener(ScrubListener hears) {
        repairs.listener(hears);
    }

    /// How far it is.
    public ScrubStatus status() {
        return new ScrubStatus(
                phase != Phase.RESTING,
                walks,
                walks == 0 && phase == Phase.RESTING ? -1 : device.nowNs() - startedNs,
                walks == 0 ? -1 : device.nowNs() - endedNs,
                from,
                device.store().capacity().shardsTotal(),
                pausedNs,
                repairs.waiting(),
                device.store().isIncomplete());
    }

    /// Whether nothing is under way.
    boolean isIdle() {
        return scratch == Scratch.NONE && repairs.isIdle();
    }

    /// A primary could not read a block here.
    void suspect(MemorySegment body, int failedBlock) {
        if (failedBlock != StoreRequest.NO_BLOCK) {
            found(ShardRange.partId(body), ShardRange.shardIndex(body), failedBlock);
        }
    }

    /// A client's read found blocks that cannot be read here.
    void suspect(long part, int shard, int first, int count) {
        for (int block = first; block < first + count; block++) {
            found(part, shard, block);
        }
    }

    /// A copy asks that blocks be written again.
    void askedToRepair(Incoming in, PgReplica replica) {
        repairs.asked(in, replica);
    }

    private void found(long part, int shard, int block) {
        if (repairs.add(part, shard, block)) {
            device.counters().count(Counter.CORRUPT_FOUND);
        }
    }

    /// Go on by what time allows.
    void tick(long nowNs) {
        if (!device.isOpen()) {
            return;
        }
        if (nowNs - nextLookNs >= 0) {
            nextLookNs = nowNs + LOOK_NS;
            device.completeness().look();
        }
        repairs.tick(nowNs);
        if (isOn) {
            walk(nowNs);
        }
    }

    private void walk(long nowNs) {
        if (phase == Phase.RESTING) {
            if (nowNs - nextWalkNs < 0) {
                return;
            }
            phase = Phase.WALKING;
            startedNs = nowNs;
            from = 0;
            hasShard = false;
            isLastShard = false;
        }
        // One read at a time, and none while what was found is not dealt with.
        if (!piece.isAsked
                && scratch == Scratch.NONE
                && (phase == Phase.LOCATING || repairs.isIdle())
                && findShard(nowNs)) {
            piece.ask(nowNs);
        }
    }

    /// Have a shard with bytes left.
    ///
    /// @return false if there is none now
    private boolean findShard(long nowNs) {
        if (hasShard && offset < device.store().shardBytes()) {
            return true;
        }
        hasShard = false;
        for (int looked = 0; looked < ENTRIES_MAX && !hasShard && !isLastShard; looked++) {
            from = device.store().visitShards(from, 1, this::begin);
            isLastShard = from == 0;
        }
        if (!hasShard && isLastShard) {
            phase = Phase.RESTING;
            walks++;
            endedNs = nowNs;
            nextWalkNs = nowNs + restNs;
        }
        return hasShard;
    }

    private void begin(long part, int shard, long version, boolean isEmpty) {
        final PgReplica replica = device.replicaOf(device.pgOf(part, shard));
        if (!isEmpty
                && replica != null
                && replica.state() != PgState.ABSENT
                && !device.sweep().isDeleted(part)) {
            hasShard = true;
            partId = part;
            shardIndex = shard;
            offset = 0;
            phase = Phase.WALKING;
        }
    }

    private int pieceLength() {
        return phase == Phase.LOCATING ? BLOCK : Math.min(PIECE, device.store().shardBytes() - offset);
    }

    private void read() {
        scratch = device.scratch().take();
        if (scratch != Scratch.NONE) {
            final int length = pieceLength();
            step.askRead(partId, shardIndex, offset, length);
            step.data(device.scratch().table(), 0, device.scratch().offset(scratch), length);
            device.work().submit(step, Origin.BACKGROUND);
        }
    }

    /// The next read, as it waits for its turn. The walk stays where it is meanwhile.
    private final class Piece extends Job {
        private boolean isAsked;
        private long askedNs;

        void ask(long nowNs) {
            isAsked = true;
            askedNs = nowNs;
            device.work().offer(this, Background.SCRUB, pieceLength());
        }

        @Override
        protected void admitted() {
            isAsked = false;
            pausedNs += device.nowNs() - askedNs;
            read();
        }

        @Override
        protected void dropped() {
            isAsked = false;
        }

        @Override
        protected long deadlineNs() {
            return Long.MAX_VALUE;
        }
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        device.scratch().give(scratch);
        scratch = Scratch.NONE;
        if (status == StoreStatus.CORRUPT || status == StoreStatus.IO_ERROR) {
            if (done.length() > BLOCK) {
                phase = Phase.LOCATING;
                locateUntil = offset + done.length();
                return;
            }
            found(partId, shardIndex, offset / BLOCK);
        } else {
            device.counters().add(Counter.SCRUBBED_BYTES, done.length());
        }
        offset += done.length();
        if (phase == Phase.LOCATING && offset >= locateUntil) {
            phase = Phase.WALKING;
        }
        walk(device.nowNs());
    }
}
