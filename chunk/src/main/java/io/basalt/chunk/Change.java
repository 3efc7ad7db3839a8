package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreOperation;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One change under way at the primary: a client's write, discard or zeroes, or the cluster's own rewriting of
/// a range
/// (repair). Preallocated. The states are in [ChangeState].
///
/// **Applying.** The change gets a version, goes to this device's store and, at the same time, to every copy
/// that must
/// have it. A copy that cannot be reached gets it when it follows again; the change waits. It holds its blocks
/// all the
/// while ([RangeOrder]), so nothing newer can overtake it on any copy.
///
/// **Gathering.** Copies are sent whole blocks only. A write of part of a block reads the rest first; a rebuild
/// reads all
/// of it from the copies that are named.
///
/// **Taking back.** A copy that refuses for good (a newer attachment exists, no space) has not got the change,
/// but others
/// may have. Then the content of the refusing copy is gathered and applied everywhere, under a new version,
/// before the
/// client hears of the refusal. No read has seen the change, since reads wait for it.
final class Change extends Turn implements StoreStep.Owner, ReplicaCall.Owner {
    /// Hears of the end of a rebuild.
    interface Listener {
        /// The rebuild is over.
        void changed(AnswerCode code);
    }

    /// As sources of a rebuild: every copy but this device's.
    static final int ALL_OTHERS = (1 << PgReplica.SLOTS) - 1;
    /// As source: this device's copy.
    static final int SELF = 1 << PgReplica.SLOTS;

    private static final byte TO_SEND = 0;
    private static final byte SENT = 1;
    private static final byte DONE = 2;
    private static final byte REFUSED = 3;

    private final ChunkDevice device;
    private final StoreStep step;
    private final byte[] slots = new byte[PgReplica.SLOTS];

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

    private int type;
    private long version;
    private int scratch = Scratch.NONE;
    private int pieceOffset;
    private int pieceLength;
    private int sources;
    private int sourcesLeft;
    private boolean isSourceMissing;
    private boolean isOverlaid;
    private boolean rebuilds;
    private boolean stepUnderWay;
    private boolean isHere;
    private boolean hereFailed;
    private long retryNs;
    private int callsUnderWay;
    private int refusers;
    private boolean isRefusalUnreadable;
    private AnswerCode refusal = AnswerCode.OK;
    private AnswerCode outcome = AnswerCode.OK;

    Change(ChunkDevice device) {
        this.device = device;
        step = new StoreStep(this, DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES + 1);
    }

    /// Start a client's change.
    void begin(Incoming in, PgReplica at, IdentityWindow remembered) {
        final MemorySegment body = in.body();
        incoming = in;
        window = remembered;
        listener = null;
        type = in.type();
        rebuilds = false;
        remembered.started(ClientRequest.sequence(body), this);
        enter(
                at,
                ShardRange.partId(body),
                ShardRange.shardIndex(body),
                ShardRange.offset(body),
                ShardRange.length(body));
    }

    /// Start rewriting whole blocks with what other copies have.
    ///
    /// @param from bit for each slot, or [#SELF]: the copies whose content is as good
    void begin(PgReplica at, long part, int shard, int first, int bytes, int from, Listener hears) {
        incoming = null;
        window = null;
        listener = hears;
        type = DataMessage.WRITE;
        rebuilds = true;
        sources = from;
        enter(at, part, shard, first, bytes);
    }

    /// The same change has come again: it gets the answer, too.
    void join(Incoming in) {
        final Incoming before = repeated;
        repeated = in;
        if (before != null) {
            device.answer(before, AnswerCode.BUSY, replica().epoch(), 0);
        }
    }

    long version() {
        return version;
    }

    boolean isApplying() {
        return state == ChangeState.APPLYING;
    }

    boolean isAbandoned() {
        return state == ChangeState.ABANDONED;
    }

    private void enter(PgReplica at, long part, int shard, int first, int bytes) {
        become(ChangeState.WAITING);
        replica = at;
        partId = part;
        shardIndex = shard;
        offset = first;
        length = bytes;
        isChange = true;
        refusal = AnswerCode.OK;
        outcome = AnswerCode.OK;
        isOverlaid = false;
        refusers = 0;
        isRefusalUnreadable = false;
        at.opened(this);
        if (!device.order().enter(this)) {
            device.counters().count(Counter.ORDER_WAITS);
        }
    }

    @Override
    void granted() {
        final Incoming in = incoming;
        if (state == ChangeState.ABANDONED) {
            return;
        }
        if (in != null && device.nowNs() - in.deadlineNs() >= 0) {
            end(AnswerCode.BUSY, false);
            return;
        }
        pieceOffset = offset & -DataMessage.BLOCK_BYTES;
        pieceLength = (int) ShardRange.blockSpan(offset, length);
        final boolean whole = pieceOffset == offset && pieceLength == length;
        if (whole && !rebuilds) {
            apply();
            return;
        }
        isOverlaid = !rebuilds;
        sources = rebuilds ? sources : SELF | ALL_OTHERS;
        gatherPiece(pieceOffset, pieceLength);
    }

    // Gathering.

    private void gatherPiece(int from, int bytes) {
        if (scratch == Scratch.NONE) {
            scratch = device.scratch().take();
        }
        if (state != ChangeState.GATHERING) {
            become(ChangeState.GATHERING);
        }
        pieceOffset = from;
        pieceLength = Math.min(bytes, DataMessage.DATA_BYTES_MAX);
        if (outcome != AnswerCode.OK) {
            sources = goodRefusers();
        }
        sourcesLeft = sources;
        isSourceMissing = false;
        if (scratch == Scratch.NONE) {
            retryLater();
        } else {
            gather(AnswerCode.CORRUPT);
        }
    }

    /// Ask the next source.
    ///
    /// @param last why the one before could not give it
    private void gather(AnswerCode last) {
        isSourceMissing |= last.isRetried();
        if ((sourcesLeft & SELF) != 0) {
            sourcesLeft &= ~SELF;
            step.askRead(partId, shardIndex, pieceOffset, pieceLength);
            step.data(device.scratch().table(), 0, device.scratch().offset(scratch), pieceLength);
            stepUnderWay = true;
            device.store().submit(step);
            return;
        }
        while (sourcesLeft != 0) {
            final int slot = Integer.numberOfTrailingZeros(sourcesLeft);
            sourcesLeft &= sourcesLeft - 1;
            final Copy copy = replica().copy(slot);
            if (copy != null && copy.isInSync()) {
                if (copy.isFollowing() && askCopy(copy)) {
                    return;
                }
                isSourceMissing = true;
            }
        }
        if (refusal == AnswerCode.OK && outcome == AnswerCode.OK) {
            // As long as one could not be asked, it is too early to say that none has it.
            end(isSourceMissing ? AnswerCode.NO_LEASE : last, false);
        } else {
            isRefusalUnreadable |= !isSourceMissing;
            retryLater();
        }
    }

    private boolean askCopy(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return false;
        }
        begin(call, copy, DataMessage.COPY_READ);
        call.incoming().reset(device.scratch().table());
        call.incoming().add(0, device.scratch().offset(scratch), pieceLength);
        return sent(call, copy);
    }

    private void gathered(AnswerCode code) {
        if (code != AnswerCode.OK) {
            gather(code);
            return;
        }
        final Incoming in = incoming;
        if (isOverlaid && in != null) {
            final long to = device.scratch().offset(scratch) + offset - pieceOffset;
            final MemorySegment memory = device.scratch().memory();
            if (type == DataMessage.WRITE) {
                final MemorySegment from = in.payloadTable().segment(in.payloadRegion());
                MemorySegment.copy(from, in.payloadOffset(), memory, to, length);
            } else {
                memory.asSlice(to, length).fill((byte) 0);
            }
        }
        apply();
    }

    // Applying.

    private void apply() {
        become(ChangeState.APPLYING);
        version = replica().nextVersion(this);
        isHere = false;
        hereFailed = false;
        refusal = AnswerCode.OK;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            slots[slot] = TO_SEND;
        }
        applyHere();
        sendAll();
    }

    private void applyHere() {
        final PgReplica at = replica();
        switch (appliedType()) {
            case DataMessage.WRITE -> {
                step.askWrite(partId, shardIndex, pieceOffset, pieceLength, version);
                final Incoming in = incoming;
                if (scratch != Scratch.NONE || in == null) {
                    step.data(device.scratch().table(), 0, device.scratch().offset(scratch), pieceLength);
                } else {
                    step.data(in.payloadTable(), in.payloadRegion(), in.payloadOffset(), pieceLength);
                    if (pieceLength == DataMessage.BLOCK_BYTES) {
                        step.blockChecksum(0, in.payloadChecksum());
                        step.checksumsKnown(true);
                    }
                }
            }
            case DataMessage.DISCARD ->
                step.askDiscard(partId, shardIndex, pieceOffset, pieceLength, version, at.keepsTombstones());
            default -> step.askWriteZeroes(partId, shardIndex, pieceOffset, pieceLength, version, at.keepsTombstones());
        }
        stepUnderWay = true;
        at.applyingBegins();
        device.store().submit(step);
    }

    /// What is gathered is written, unless it is all zeros: those take no space.
    private int appliedType() {
        if (scratch == Scratch.NONE) {
            return type;
        }
        return device.scratch().isZero(scratch, pieceLength) ? DataMessage.WRITE_ZEROES : DataMessage.WRITE;
    }

    /// Send to every copy that follows and has not got it.
    void sendAll() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica().copy(slot);
            if (copy != null && slots[slot] == TO_SEND && copy.isNeededFor(version) && copy.isFollowing()) {
                send(copy);
            }
        }
    }

    private void send(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return;
        }
        final int applied = appliedType();
        begin(
                call,
                copy,
                switch (applied) {
                    case DataMessage.WRITE -> DataMessage.REPLICATE_WRITE;
                    case DataMessage.DISCARD -> DataMessage.REPLICATE_DISCARD;
                    default -> DataMessage.REPLICATE_ZEROES;
                });
        if (applied == DataMessage.WRITE) {
            final Incoming in = incoming;
            if (scratch != Scratch.NONE || in == null) {
                call.outgoing().reset(device.scratch().table());
                call.outgoing().add(0, device.scratch().offset(scratch), pieceLength);
            } else {
                call.outgoing().reset(in.payloadTable());
                call.outgoing().add(in.payloadRegion(), in.payloadOffset(), pieceLength);
                call.outgoingChecksum(in.payloadChecksum());
            }
        }
        if (sent(call, copy)) {
            slots[copy.slot()] = SENT;
        }
    }

    private void begin(ReplicaCall call, Copy copy, int messageType) {
        final PgReplica at = replica();
        final Incoming in = incoming;
        final boolean isOwn = outcome != AnswerCode.OK;
        call.prepare(
                this,
                messageType,
                at.pg(),
                at.ownEpoch(),
                device.nowNs() + device.settings().callNs());
        ShardRange.target(
                call.body(),
                isOwn || in == null ? 0 : ShardRange.volumeId(in.body()),
                isOwn || in == null ? 0 : ShardRange.generation(in.body()),
                partId,
                shardIndex,
                at.pg(),
                at.ownEpoch());
        ShardRange.range(call.body(), pieceOffset, pieceLength, 0);
        ReplicaRequest.order(call.body(), copy.peer().session(), messageType == DataMessage.COPY_READ ? 0 : version);
        call.copy = copy;
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
        final boolean isOfNow = replica != null && isSame(replica().copy(copy.slot()), copy);
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
        slots[slot] = TO_SEND;
        if (code == null) {
            return;
        }
        switch (code) {
            case OK -> slots[slot] = DONE;
            case NO_SESSION -> copy.lost();
            case BUSY, NO_LEASE, NOT_PRIMARY, STALE_EPOCH -> {}
            case FENCED -> {
                device.learn(volumeId(), value);
                refuse(AnswerCode.FENCED, 1 << slot);
                slots[slot] = REFUSED;
            }
            case NO_SPACE -> {
                refuse(AnswerCode.NO_SPACE, 1 << slot);
                slots[slot] = REFUSED;
            }
            case IO_ERROR, CORRUPT, BAD_REQUEST, STALE_VERSION, STALE_REQUEST -> copy.failed();
        }
    }

    private long volumeId() {
        final Incoming in = incoming;
        return in == null ? 0 : ShardRange.volumeId(in.body());
    }

    private void refuse(AnswerCode why, int source) {
        refusers |= source;
        if (refusal == AnswerCode.OK) {
            refusal = why;
        }
    }

    /// The copies whose content is to be restored: in-sync ones that refused. If none of these is left that can
    /// be read,
    /// every other copy had applied the change before, and it stays.
    private int goodRefusers() {
        if (isRefusalUnreadable) {
            return (SELF | ALL_OTHERS) & ~refusers;
        }
        int good = refusers & SELF;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica().copy(slot);
            if ((refusers & 1 << slot) != 0 && copy != null && copy.isInSync() && !copy.hasFailed()) {
                good |= 1 << slot;
            }
        }
        return good == 0 ? SELF : good;
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        stepUnderWay = false;
        if (step.operation() == StoreOperation.READ) {
            if (state == ChangeState.GATHERING) {
                gathered(ReplicaOperation.code(status));
            }
        } else {
            replica().applied(version);
            switch (status) {
                case OK -> isHere = true;
                case NO_SPACE -> refuse(AnswerCode.NO_SPACE, SELF);
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
            if (refusal != AnswerCode.OK) {
                takeBack();
            } else if (device.rules().mayAcknowledge(isHere, missing())) {
                pieceDone();
            }
        }
    }

    private int missing() {
        int missing = 0;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica().copy(slot);
            if (copy != null && copy.isNeededFor(version) && slots[slot] != DONE) {
                missing++;
            }
        }
        return missing;
    }

    private void takeBack() {
        if (outcome == AnswerCode.OK) {
            outcome = refusal;
            device.counters().count(Counter.UNDONE);
        }
        isOverlaid = false;
        if (!rebuilds) {
            rebuilds = true;
            gatherPiece(offset & -DataMessage.BLOCK_BYTES, (int) ShardRange.blockSpan(offset, length));
        } else {
            gatherPiece(pieceOffset, pieceLength);
        }
    }

    private void pieceDone() {
        final int end = (offset & -DataMessage.BLOCK_BYTES) + (int) ShardRange.blockSpan(offset, length);
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
        if (scratch != Scratch.NONE) {
            device.scratch().give(scratch);
            scratch = Scratch.NONE;
        }
        if (code == AnswerCode.OK && in != null) {
            device.counters().count(Counter.CHANGES);
        }
        become(ChangeState.FREE);
        incoming = null;
        repeated = null;
        window = null;
        listener = null;
        device.order().leave(this);
        at.closed(this);
        replica = null;
        device.give(this);
        if (in != null) {
            device.answer(in, code, epoch, value);
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

    @SuppressWarnings("ReferenceEquality") // a copy that was replaced is another one, though its slot is the same
    private static boolean isSame(@Nullable Copy one, Copy other) {
        return one == other;
    }

    /// For people who look for what a request waits for.
    @Override
    public String toString() {
        return "change of shard " + partId + "/" + shardIndex + " at " + offset + "+" + length + ", " + state
                + ", version " + version + (rebuilds ? ", rebuilds" : "")
                + (isHere ? ", here" : "") + (hereFailed ? ", failed here" : "")
                + (stepUnderWay ? ", store works" : "") + ", calls " + callsUnderWay + ", copies "
                + Arrays.toString(slots) + ", refusal " + refusal + ", outcome " + outcome;
    }
}
