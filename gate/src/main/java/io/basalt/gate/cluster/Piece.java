package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.RegionTable;
import io.basalt.block.StageTimes;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.reactor.TimerTask;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ServiceTimes;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One piece of a request, a range within one shard, and the call that takes it to the shard's primary, as
/// often as it needs to. Preallocated by its channel, used again; allocates nothing. One owner reactor.
///
/// A change claims its identity (see [ClientRequest]) when it is first sent and keeps it until it has its
/// result, so that however often it is sent it is executed once.
final class Piece extends Call {
    /// Entries of an ordinary piece: 64 KiB in pages of 4 KiB, wherever they begin, and as many again.
    static final int NARROW_ENTRIES = 34;

    /// Entries of a wide piece: enough for at least one sector, however small the entries are.
    static final int WIDE_ENTRIES = DataMessage.SECTOR_BYTES + 2;

    private static final String IN_USE = "a piece in use knows what it is of";

    final ClusterChannel channel;
    private final boolean wide;
    private final Retry retry = new Retry();

    /// Link of a [PieceQueue].
    @Nullable
    Piece next;

    private PieceState state = PieceState.FREE;

    private @Nullable Submission submission;
    private @Nullable VolumeLayout layout;
    private @Nullable SetRoute route;
    private int type;
    private long partId;
    private int shardIndex;
    private int offset;
    private int length;
    private int flags;
    private long deadlineNs;

    private int pg;
    private int epoch;
    private long sequence;
    private int backOffs;
    private boolean copied;
    private long sentAs;
    private boolean unsettled;
    private long sentNs;
    private @Nullable ChunkLink link;

    /// @param bodies see [Call#Call]
    Piece(ClusterChannel channel, MemorySegment bodies, boolean wide) {
        super(bodies, wide ? WIDE_ENTRIES : NARROW_ENTRIES);
        this.channel = channel;
        this.wide = wide;
    }

    boolean isWide() {
        return wide;
    }

    PieceState state() {
        return state;
    }

    void become(PieceState following) {
        assert state.canBecome(following) : state + " -> " + following;
        state = following;
    }

    /// Begin a piece: which bytes of which shard.
    ///
    /// @param newOffset first byte in the shard
    /// @param newDeadlineNs when it is given up; `Long.MAX_VALUE` for never
    void start(
            Submission newSubmission,
            VolumeLayout newLayout,
            SetRoute newRoute,
            int part,
            int shard,
            int newOffset,
            int newLength,
            long newDeadlineNs) {
        become(PieceState.READY);
        submission = newSubmission;
        layout = newLayout;
        route = newRoute;
        partId = newLayout.partId(part);
        shardIndex = shard;
        offset = newOffset;
        length = newLength;
        deadlineNs = newDeadlineNs;
        pg = SetRoute.NO_PG;
        sequence = 0;
        backOffs = 0;
        copied = false;
        assert !unsettled : "a piece that has ended is settled";
        final BlockOperation operation = newSubmission.operation();
        type = typeOf(operation);
        flags = operation == BlockOperation.WRITE_ZEROES
                        && newSubmission.request().mayUnmap()
                ? ShardRange.MAY_UNMAP
                : 0;
        final RegionTable table = newSubmission.request().data().table();
        outgoing().reset(table);
        incoming().reset(table);
        switch (operation) {
            case READ -> newSubmission.moveTo(incoming(), newLength);
            case WRITE -> newSubmission.moveTo(outgoing(), newLength);
            default -> newSubmission.skip(newLength);
        }
    }

    private static int typeOf(BlockOperation operation) {
        return switch (operation) {
            case READ -> DataMessage.READ;
            case WRITE -> DataMessage.WRITE;
            case DISCARD -> DataMessage.DISCARD;
            case WRITE_ZEROES -> DataMessage.WRITE_ZEROES;
            case FLUSH -> throw new AssertionError("a flush has no pieces");
        };
    }

    /// Fill in what is sent, for this attempt.
    ///
    /// @param newEpoch of the placement group, as the map says
    /// @param attemptEndNs when the attempt is given up
    /// @param takesWeight whether the peer knows weights
    void address(int newEpoch, long attemptEndNs, boolean takesWeight) {
        epoch = newEpoch;
        final VolumeLayout of = Objects.requireNonNull(layout, IN_USE);
        final SetRoute by = route();
        ShardRange.target(body(), of.volumeId(), of.generation(), partId, shardIndex, pg, newEpoch);
        ShardRange.range(body(), offset, length, takesWeight ? flags | ClientRequest.weightFlags(of.weight()) : flags);
        if (isChange()) {
            assert sequence != 0 : "a change has its identity before it is sent";
            ClientRequest.identity(
                    body(), by.gateInstance(), sequence, by.identities().oldest(pg));
        } else {
            ClientRequest.identity(body(), 0, 0, 0);
        }
        begin(type, ClientRequest.BYTES, Math.min(deadlineNs, attemptEndNs));
        if (copied) {
            copyOutgoing();
        }
    }

    boolean isChange() {
        return DataMessage.isChange(type);
    }

    boolean isRead() {
        return type == DataMessage.READ;
    }

    Submission submission() {
        return Objects.requireNonNull(submission, IN_USE);
    }

    SetRoute route() {
        return Objects.requireNonNull(route, IN_USE);
    }

    /// The shard's placement group; [SetRoute#NO_PG] before a map has told how many there are.
    int pg() {
        return pg;
    }

    void placeInto(SetRoute by) {
        pg = by.pgOf(partId, shardIndex);
    }

    /// Epoch that the last attempt named.
    int epoch() {
        return epoch;
    }

    int length() {
        return length;
    }

    boolean hasIdentity() {
        return sequence != 0;
    }

    long sequence() {
        return sequence;
    }

    void identify(long newSequence) {
        sequence = newSequence;
    }

    boolean isExpired(long nowNs) {
        return nowNs >= deadlineNs;
    }

    /// Whether two pieces touch the same bytes, and one of them changes them.
    boolean conflictsWith(Piece other) {
        return (isChange() || other.isChange())
                && partId == other.partId
                && shardIndex == other.shardIndex
                && offset < other.offset + other.length
                && other.offset < offset + length;
    }

    /// Place in the order of sending, see [RetryOrder].
    long sentAs() {
        return sentAs;
    }

    void sentAs(long place) {
        sentAs = place;
    }

    /// Whether the piece may have been executed though it has no result, see [RetryOrder].
    boolean isUnsettled() {
        return unsettled;
    }

    void unsettled(boolean newUnsettled) {
        unsettled = newUnsettled;
    }

    /// Whether the outgoing data is sent from a private copy from now on.
    void copyFromNowOn() {
        copied = true;
    }

    boolean isCopied() {
        return copied;
    }

    /// Count one more refusal in a row.
    ///
    /// @return how many there were
    int backOff() {
        return ++backOffs;
    }

    void onLink(ChunkLink taken) {
        link = taken;
    }

    /// It goes to a connection now.
    void sentAt(long nowNs) {
        sentNs = nowNs;
    }

    /// Say where the request's time went, which this piece was the last to take: from its last attempt's answer.
    /// What of it is left over was spent here.
    void explain(StageTimes times, long nowNs) {
        final long tookNs = Math.max(0, nowNs - sentNs);
        long thereNs = 0;
        if (answerBodyLength() == ServiceTimes.BYTES) {
            final MemorySegment told = answerBody();
            final long queueNs = DeviceTimes.possible(ServiceTimes.queueNs(told), tookNs);
            final long storeNs = DeviceTimes.possible(ServiceTimes.storeNs(told), tookNs);
            final long firstNs = DeviceTimes.possible(ServiceTimes.replica1Ns(told), tookNs);
            final long secondNs = DeviceTimes.possible(ServiceTimes.replica2Ns(told), tookNs);
            thereNs = Math.min(tookNs, queueNs + Math.max(storeNs, Math.max(firstNs, secondNs)));
            times.served(route().setId(), ServiceTimes.device(told), queueNs, storeNs);
            times.copied(ServiceTimes.replica1(told), firstNs, ServiceTimes.replica2(told), secondNs);
        }
        times.travelled(tookNs - thereNs);
    }

    /// Count, for the devices that had a part in it, how long they took.
    void countDevices(long nowNs) {
        if (answerBodyLength() == ServiceTimes.BYTES) {
            route().deviceTimes().count(answerBody(), nowNs - sentNs);
        }
    }

    ChunkLink link() {
        return Objects.requireNonNull(link, "a piece that waits at a link, or was sent, has one");
    }

    TimerTask retry() {
        return retry;
    }

    @Override
    public void completed(CallStatus status, int code) {
        become(PieceState.READY);
        channel.port().router().ended(this, status, code);
    }

    /// The piece's time to try again.
    private final class Retry extends TimerTask {
        @Override
        protected void expired(long nowNs) {
            become(PieceState.READY);
            channel.port().router().again(Piece.this);
        }
    }
}
