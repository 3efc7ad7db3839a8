package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Background;
import io.basalt.chunk.schedule.Origin;
import io.basalt.chunk.schedule.Scheduler;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreOperation;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One change under way at the primary: a client's write, discard or zeroes, or the cluster's own rewriting
/// of a range (repair). Preallocated. The states are in [ChangeState].
///
/// **Applying.** The change gets a version, goes to this device's store and, at the same time, to every
/// copy that must have it. A copy that cannot be reached gets it when it follows again; the change waits.
/// It holds its blocks all the while ([RangeOrder]), so nothing newer can overtake it on any copy.
///
/// **Gathering.** Copies are sent whole blocks only. A write of part of a block reads the rest first; a
/// rebuild reads all of it from the copies that are named.
///
/// **Taking back.** A copy that refuses for good (a newer attachment exists, no space) has not got the
/// change, but others may have. Then the content of the refusing copy is gathered and applied everywhere,
/// under a new version, before the client hears of the refusal. No read has seen the change, since reads
/// wait for it.
final class Change extends Turn implements StoreStep.Owner, ReplicaCall.Owner {
    /// Hears of the end of a rebuild.
    interface Listener {
        /// The rebuild is over.
        void changed(AnswerCode code);
    }

    private final ChunkDevice device;
    private final StoreStep step;
    private final ChangeContent content;
    private final ChangeCopies copies = new ChangeCopies();
    private final Sources sourcesLeft = new Sources();

    @Nullable
    Change olderOpen;

    @Nullable
    Change newerOpen;

    private ChangeState state = ChangeState.FREE;
    private @Nullable PgReplica replica;
    private @Nullable Incoming incoming;
    private @Nullable Incoming repeated;
    private @Nullable IdentityWindow window;
    private @Nullable Listener listener;

    private long version;
    private int pieceOffset;
    private int pieceLength;
    private int sources;
    private boolean rebuilds;

    /// The version that a block has here and keeps, when only one copy gets it; 0 for a new one.
    private long keptVersion;

    private Origin origin = Origin.CLIENT;
    private int onlySlot;
    private boolean stepUnderWay;
    private boolean isHere;
    private boolean hereFailed;
    private long retryNs;
    private long refusedForNs;
    private int callsUnderWay;
    private AnswerCode outcome = AnswerCode.OK;

    Change(ChunkDevice device) {
        this.device = device;
        content = new ChangeContent(device.scratch());
        step = new StoreStep(this, DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES + 1);
    }

    /// Start a client's change.
    void begin(Incoming in, PgReplica at, IdentityWindow remembered) {
        final MemorySegment body = in.body();
        incoming = in;
        window = remembered;
        listener = null;
        content.begin(in.type(), in);
        rebuilds = false;
        keptVersion = 0;
        remembered.started(ClientRequest.sequence(body), this);
        origin = Origin.CLIENT;
        place(body, true, device.nowNs());
        open(at);
        final long waitNs = device.work().offer(this, in);
        if (waitNs != Scheduler.TAKEN) {
            refusedForNs = waitNs;
            end(AnswerCode.OVERLOADED, false);
        }
    }

    /// Start rewriting whole blocks with what other copies have.
    ///
    /// @param from bit for each slot, or [#Sources.SELF]: the copies whose content is as good
    void begin(Rewriting what, int from) {
        keptVersion = 0;
        sources = from;
        rewrite(what);
    }

    /// Start to give one copy whole blocks as they are here. If one of them has another version
    /// meanwhile, the change ends with STALE_VERSION: look again.
    ///
    /// @param slot of the copy
    /// @param kept version of all blocks of the range
    void beginGiving(Rewriting what, int slot, long kept) {
        keptVersion = kept;
        sources = Sources.SELF;
        onlySlot = slot;
        rewrite(what);
    }

    private void rewrite(Rewriting what) {
        incoming = null;
        window = null;
        listener = what.listener();
        content.begin(DataMessage.WRITE, null);
        rebuilds = true;
        place(what.partId(), what.shard(), what.first(), what.bytes(), true);
        open(what.replica());
        final Background as = what.as();
        if (as == null) {
            origin = Origin.CLIENT;
            admitted();
        } else {
            origin = Origin.BACKGROUND;
            device.work().offer(this, as, length);
        }
    }

    /// The same change has come again: it gets the answer, too.
    void join(Incoming in) {
        final Incoming before = repeated;
        repeated = in;
        if (before != null) {
            device.answer(before, AnswerCode.BUSY, replica().epoch(), 0);
        }
    }

    /// Of the piece that is being applied, or was last; 0 if none was.
    long version() {
        return version;
    }

    boolean isApplying() {
        return state == ChangeState.APPLYING;
    }

    boolean isAbandoned() {
        return state == ChangeState.ABANDONED;
    }

    private void open(PgReplica at) {
        become(ChangeState.QUEUED);
        replica = at;
        version = 0;
        outcome = AnswerCode.OK;
        copies.begin();
        at.opened(this);
    }

    @Override
    protected void admitted() {
        become(ChangeState.WAITING);
        if (!device.order().enter(this)) {
            device.counters().count(Counter.ORDER_WAITS);
        }
    }

    @Override
    protected void dropped() {
        end(AnswerCode.BUSY, false);
    }

    @Override
    protected long deadlineNs() {
        // The last attempt of a change that has come again is the one that is waited for.
        final Incoming last = repeated == null ? incoming : repeated;
        return last == null ? Long.MAX_VALUE : last.deadlineNs();
    }

    @Override
    void granted() {
        final Incoming in = incoming;
        if (state == ChangeState.ABANDONED || !replica().state().isPrimary()) {
            // The turn has come because one before was given up: so will this one be. A version of the new
            // configuration is not this device's to give.
            return;
        }
        if (in != null && device.nowNs() - in.deadlineNs() >= 0) {
            end(AnswerCode.BUSY, false);
            return;
        }
        timing.begun(device.nowNs());
        pieceOffset = firstBlock() * DataMessage.BLOCK_BYTES;
        pieceLength = endOfBlocks() - pieceOffset;
        final boolean whole = pieceOffset == offset && pieceLength == length;
        if (whole && !rebuilds) {
            apply();
            return;
        }
        content.overlaid(!rebuilds);
        sources = rebuilds ? sources : Sources.SELF | Sources.ALL_OTHERS;
        gatherPiece(pieceOffset, pieceLength);
    }

    // Gathering.

    private void gatherPiece(int from, int bytes) {
        final boolean hasBuffer = content.takeBuffer();
        if (state != ChangeState.GATHERING) {
            become(ChangeState.GATHERING);
        }
        pieceOffset = from;
        pieceLength = Math.min(bytes, DataMessage.DATA_BYTES_MAX);
        if (outcome != AnswerCode.OK) {
            sources = copies.sources(replica());
        }
        sourcesLeft.begin(sources);
        if (hasBuffer) {
            gather(AnswerCode.CORRUPT);
        } else {
            retryLater();
        }
    }

    /// Ask the next source.
    ///
    /// @param last why the one before could not give it
    private void gather(AnswerCode last) {
        if (last.isRetried() || last == AnswerCode.NO_SESSION) {
            sourcesLeft.missing();
        }
        int source = sourcesLeft.next(replica());
        while (source != Sources.NONE) {
            if (source == Sources.HERE) {
                step.askRead(partId, shardIndex, pieceOffset, pieceLength);
                content.gatherFrom(step, pieceLength);
                stepUnderWay = true;
                device.work().submit(step, origin);
                return;
            }
            if (askCopy(Objects.requireNonNull(replica().copy(source)))) {
                return;
            }
            sourcesLeft.missing();
            source = sourcesLeft.next(replica());
        }
        if (copies.refusal() == AnswerCode.OK && outcome == AnswerCode.OK) {
            end(sourcesLeft.isOneMissing() ? AnswerCode.NO_LEASE : last, false);
        } else {
            if (!sourcesLeft.isOneMissing()) {
                copies.sourcesUnreadable();
            }
            retryLater();
        }
    }

    private boolean askCopy(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return false;
        }
        call.prepare(this, replica(), copy, DataMessage.COPY_READ);
        content.gatherFrom(call, pieceLength);
        return sent(call, copy);
    }

    private void gathered(AnswerCode code) {
        if (code != AnswerCode.OK) {
            gather(code);
            return;
        }
        if (keptVersion != 0 && !step.hasOnly(keptVersion, pieceLength / DataMessage.BLOCK_BYTES)) {
            end(AnswerCode.STALE_VERSION, false);
            return;
        }
        content.overlay(offset - pieceOffset, length);
        apply();
    }

    // Applying.

    private void apply() {
        if (isSuperseded()) {
            end(AnswerCode.FENCED, false);
            return;
        }
        become(ChangeState.APPLYING);
        version = keptVersion == 0 ? replica().nextVersion(this) : keptVersion;
        isHere = keptVersion != 0;
        hereFailed = false;
        copies.applying();
        if (!isHere) {
            applyHere();
        }
        sendAll();
    }

    /// Whether a newer attachment was granted while this change has waited for its turn.
    private boolean isSuperseded() {
        final Incoming in = incoming;
        return in != null
                && outcome == AnswerCode.OK
                && ReplicationRules.isFenced(ShardRange.generation(in.body()), device.generationOf(volumeId()));
    }

    private void applyHere() {
        final PgReplica at = replica();
        switch (content.appliedType(pieceLength)) {
            case DataMessage.WRITE -> {
                step.askWrite(partId, shardIndex, pieceOffset, pieceLength, version);
                content.giveTo(step, pieceLength);
            }
            // A shard that becomes empty leaves a tombstone: see Settling.
            case DataMessage.DISCARD -> step.askDiscard(partId, shardIndex, pieceOffset, pieceLength, version, true);
            default -> step.askWriteZeroes(partId, shardIndex, pieceOffset, pieceLength, version, true);
        }
        stepUnderWay = true;
        at.applyingBegins();
        device.work().submit(step, origin);
    }

    /// Say in a message on whose behalf the piece is changed: nobody's, if it is the cluster's own doing.
    void describe(MemorySegment body, PgReplica at) {
        final Incoming in = outcome == AnswerCode.OK ? incoming : null;
        final long volume = in == null ? 0 : ShardRange.volumeId(in.body());
        final long generation = in == null ? 0 : ShardRange.generation(in.body());
        ShardRange.target(body, volume, generation, partId, shardIndex, at.pg(), at.ownEpoch());
        ShardRange.range(body, pieceOffset, pieceLength, 0);
    }

    /// Send to every copy that follows and has not got it.
    void sendAll() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica().copy(slot);
            if (copy != null && copies.isToSend(slot) && isFor(copy) && copy.isFollowing()) {
                send(copy);
            }
        }
    }

    private boolean isFor(Copy copy) {
        return keptVersion == 0
                ? copy.isNeededFor(version) && !replica().doesWithout(copy)
                : copy.slot() == onlySlot && copy.isCompared();
    }

    /// Whether the copies that must have the piece have it.
    private boolean isEverywhere() {
        int missing = 0;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica().copy(slot);
            missing += copy != null && isFor(copy) && !copies.isDone(slot) ? 1 : 0;
        }
        return ReplicationRules.mayAcknowledge(isHere, missing);
    }

    private void send(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return;
        }
        final int applied = content.appliedType(pieceLength);
        call.prepare(this, replica(), copy, DataMessage.replicated(applied));
        if (applied == DataMessage.WRITE) {
            content.giveTo(call, pieceLength);
        }
        if (sent(call, copy)) {
            copies.sent(copy.slot());
        }
    }

    private boolean sent(ReplicaCall call, Copy copy) {
        if (!copy.peer().send(call)) {
            device.giveCall(call);
            return false;
        }
        callsUnderWay++;
        return true;
    }

    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        final Copy copy = Objects.requireNonNull(call.copy);
        callsUnderWay--;
        final int answeredEpoch = call.answeredEpoch();
        final long value = call.answeredValue();
        final long received = call.answerPayloadLength();
        final boolean wasRead = call.type() == DataMessage.COPY_READ;
        final boolean isOfNow = copy.isCurrent();
        device.giveCall(call);
        if (code == AnswerCode.STALE_EPOCH) {
            replica().superseded(answeredEpoch);
        }
        if (state == ChangeState.GATHERING && wasRead) {
            final boolean isWhole = code == AnswerCode.OK && received == pieceLength;
            gathered(isWhole ? AnswerCode.OK : code == null || code == AnswerCode.OK ? AnswerCode.NO_LEASE : code);
        } else if (state == ChangeState.APPLYING && isOfNow) {
            applied(copy, code, value);
        }
        settle();
    }

    private void applied(Copy copy, @Nullable AnswerCode code, long value) {
        final int slot = copy.slot();
        copies.again(slot);
        if (code == null) {
            return;
        }
        switch (code) {
            case OK -> copies.done(copy, timing, device.nowNs());
            case NO_SESSION -> copy.lost();
            case BUSY, NO_LEASE, NOT_PRIMARY, STALE_EPOCH, OVERLOADED -> {}
            case FENCED -> {
                device.learn(volumeId(), value);
                copies.refused(slot, AnswerCode.FENCED);
            }
            case NO_SPACE -> copies.refused(slot, AnswerCode.NO_SPACE);
            case IO_ERROR, CORRUPT, BAD_REQUEST, STALE_VERSION, STALE_REQUEST -> copy.failed();
        }
    }

    private long volumeId() {
        final Incoming in = incoming;
        return in == null ? 0 : ShardRange.volumeId(in.body());
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        stepUnderWay = false;
        timing.stored(device.nowNs());
        if (step.operation() == StoreOperation.READ) {
            if (state == ChangeState.GATHERING) {
                gathered(ReplicaOperation.code(status));
            }
        } else {
            replica().applied(version);
            switch (status) {
                case OK -> isHere = true;
                case NO_SPACE -> copies.refusedHere(AnswerCode.NO_SPACE);
                case IO_ERROR, FAILED, CORRUPT, BAD_REQUEST -> {
                    hereFailed = true;
                    retryLater();
                    replica().failedHere();
                }
            }
        }
        settle();
    }

    /// A copy has come or gone, or something has ended: go on if nothing is missing any more.
    void settle() {
        if (stepUnderWay || callsUnderWay > 0) {
            return;
        }
        if (state == ChangeState.ABANDONED) {
            end(AnswerCode.NOT_PRIMARY, false);
        } else if (state == ChangeState.APPLYING) {
            if (copies.refusal() != AnswerCode.OK && keptVersion != 0) {
                end(copies.refusal(), false);
            } else if (copies.refusal() != AnswerCode.OK) {
                takeBack();
            } else if (isEverywhere()) {
                if (incoming != null && outcome == AnswerCode.OK && replica().isShort()) {
                    // It is where it can be, which is not enough: it comes again when it is.
                    end(AnswerCode.NOT_PRIMARY, false);
                } else {
                    pieceDone();
                }
            }
        }
    }

    private void takeBack() {
        if (outcome == AnswerCode.OK) {
            outcome = copies.refusal();
            device.counters().count(Counter.UNDONE);
        }
        content.overlaid(false);
        if (!rebuilds) {
            rebuilds = true;
            pieceOffset = firstBlock() * DataMessage.BLOCK_BYTES;
            gatherPiece(pieceOffset, endOfBlocks() - pieceOffset);
        } else {
            gatherPiece(pieceOffset, pieceLength);
        }
    }

    private void pieceDone() {
        final int end = endOfBlocks();
        final int next = pieceOffset + pieceLength;
        if (next < end) {
            gatherPiece(next, end - next);
        } else {
            end(outcome, true);
        }
    }

    // Time, and the end.

    /// Look at what waits for time to pass.
    void tick(long nowNs) {
        if (state == ChangeState.APPLYING) {
            if (hereFailed && !stepUnderWay && nowNs - retryNs >= 0 && replica().isLastCopy()) {
                hereFailed = false;
                applyHere();
            }
            sendAll();
            settle();
        } else if (state == ChangeState.GATHERING && !stepUnderWay && callsUnderWay == 0 && nowNs - retryNs >= 0) {
            gatherPiece(pieceOffset, pieceLength);
        }
    }

    private void retryLater() {
        retryNs = device.nowNs() + device.settings().tickNs();
    }

    /// This device is the primary no longer.
    void abandon() {
        if (isQueued()) {
            device.work().withdraw(this);
        }
        become(ChangeState.ABANDONED);
        settle();
    }

    private void end(AnswerCode code, boolean executed) {
        final Incoming in = incoming;
        final Incoming again = repeated;
        final Listener hears = listener;
        final PgReplica at = replica();
        final int epoch = at.epoch();
        final long value = code == AnswerCode.FENCED ? device.generationOf(volumeId()) : 0;
        if (in != null && window != null) {
            window.ended(ClientRequest.sequence(in.body()), this, executed ? code : null);
        }
        content.release();
        if (code == AnswerCode.OK && in != null) {
            device.counters().count(Counter.CHANGES);
            device.counters()
                    .add(Counter.WRITTEN_BYTES, in.type() == DataMessage.WRITE ? ShardRange.length(in.body()) : 0);
        }
        become(ChangeState.FREE);
        incoming = null;
        repeated = null;
        window = null;
        listener = null;
        if (isInOrder) {
            device.order().leave(this);
        }
        at.closed(this);
        replica = null;
        device.give(this);
        if (in != null && code == AnswerCode.OVERLOADED) {
            device.work().refuse(in, epoch, refusedForNs);
        } else if (in != null) {
            timing.answer(device, in, code, epoch, value);
        }
        if (again != null) {
            device.answer(again, code, epoch, value);
        }
        if (hears != null) {
            hears.changed(code);
        }
    }

    private void become(ChangeState next) {
        assert state.canBecome(next) : "illegal transition of a change: " + state + " to " + next;
        state = next;
    }

    private PgReplica replica() {
        final PgReplica at = Objects.requireNonNull(replica);
        return at;
    }

    /// For people who look for what a request waits for.
    @Override
    public String toString() {
        return "change of shard " + partId + "/" + shardIndex + " at " + offset + "+" + length + ", " + state
                + ", version " + version + (rebuilds ? ", rebuilds" : "")
                + (isHere ? ", here" : "") + (hereFailed ? ", failed here" : "")
                + (stepUnderWay ? ", store works" : "") + ", calls " + callsUnderWay + ", " + copies
                + ", outcome " + outcome;
    }
}
