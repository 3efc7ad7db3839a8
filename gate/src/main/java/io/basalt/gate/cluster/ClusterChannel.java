package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.MemoryFault;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.net.Network.MemoryKind;
import io.basalt.placement.ShardRouter;
import io.basalt.reactor.TimerTask;
import io.basalt.store.RequestRing;
import io.basalt.store.VolumeRules;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A cluster volume's way in on one reactor: cuts requests into pieces, which go where the map says, and
/// puts the results together.
///
/// ```
///  submit ─▶ [waiting] ─▶ one request being cut ─▶ pieces ─▶ PieceRouter ─▶ primaries
///              no layout yet, or no piece free        └── ended ─▶ last one: completed(first failure, or OK)
/// ```
///
/// * Requests are cut in the order in which they came; their pieces are under way together. Nothing
///   orders requests that are in flight at the same time, as on any disk; a request completes only after
///   its last piece.
/// * A piece never crosses a shard, and a read or write piece touches at most [DataMessage#DATA_BYTES_MAX].
/// * FLUSH is answered at once: a WRITE is answered only when every in-sync copy has it durable, so there
///   is nothing that a flush could add.
/// * Pieces are made as more of them are needed at the same time than ever before, up to [#PIECES_MAX];
///   in a steady state nothing is allocated. Beyond that requests wait.
final class ClusterChannel implements VolumeChannel {
    /// Pieces under way at the same time.
    static final int PIECES_MAX = 1024;

    /// Of these, pieces whose data lies in more entries than [Piece#NARROW_ENTRIES].
    static final int WIDE_PIECES_MAX = 16;

    private static final long TIMEOUT_SWEEPS = 8;

    private final ClusterVolume volume;
    private final ClusterPort port;
    private final ClusterCounters counters = new ClusterCounters();
    private final PiecePool narrow;
    private final PiecePool wide;
    private final RetryOrder retryOrder;
    private final SubmissionPool submissions = new SubmissionPool(PIECES_MAX + 1);
    private final RequestRing waiting = new RequestRing();
    private final TimerTask sweep = new Sweep();

    private @Nullable VolumeLayout layout;
    private SetRoute[] routeOfPart = {};
    private @Nullable Submission cutting;
    private boolean condemned;

    /// Set while pieces are being made: results that come meanwhile are looked at afterwards.
    private boolean isMaking;

    private boolean isResuming;

    ClusterChannel(ClusterVolume volume, ClusterPort port) {
        this.volume = volume;
        this.port = port;
        narrow = new PiecePool(this, false, PIECES_MAX);
        wide = new PiecePool(this, true, WIDE_PIECES_MAX);
        retryOrder = new RetryOrder(narrow, wide);
        port.opened(this);
        if (volume.ioTimeoutNs() > 0) {
            port.reactor().schedule(sweep, sweepNs());
        }
    }

    ClusterPort port() {
        return port;
    }

    /// What happened to the channel's pieces. Any thread.
    ClusterCounters counters() {
        return counters;
    }

    /// The order in which pieces are tried again.
    RetryOrder retryOrder() {
        return retryOrder;
    }

    /// Whether every request fails from now on.
    boolean isCondemned() {
        return condemned;
    }

    // ---- requests ----

    @Override
    public BlockStatus submit(BlockRequest request) {
        assert port.reactor().inLoop();
        MemoryFault.surface();
        if (condemned) {
            return BlockStatus.IO_ERROR;
        }
        final VolumeLayout known = layout;
        final long sizeBytes = known == null ? volume.sizeBytes() : known.sizeBytes();
        final BlockStatus status = VolumeRules.check(request, sizeBytes, volume.blockSize(), false);
        if (status != BlockStatus.OK) {
            return status;
        }
        // Whoever waits goes first.
        if (known == null || cutting != null || waiting.count() > 0 || !hasPieces()) {
            counters.count(Event.REQUEST_WAITS);
            return waiting.offer(request) ? BlockStatus.PENDING : BlockStatus.IO_ERROR;
        }
        return start(request, known);
    }

    private boolean hasPieces() {
        return narrow.available() > 0 && wide.available() > 0;
    }

    private BlockStatus start(BlockRequest request, VolumeLayout known) {
        if (request.operation() == BlockOperation.FLUSH || request.length() == 0) {
            return BlockStatus.OK;
        }
        if (request.offset() + request.length() > known.sizeBytes()) {
            return BlockStatus.OUT_OF_RANGE;
        }
        counters.count(Event.REQUESTS);
        final Submission submission = submissions.take();
        submission.begin(request);
        cut(submission, known);
        if (!submission.isOver()) {
            return BlockStatus.PENDING;
        }
        final BlockStatus status = submission.status();
        submission.release();
        submissions.give(submission);
        return status;
    }

    /// Make pieces of a request, until there is nothing left of it or no piece is free.
    private void cut(Submission submission, VolumeLayout known) {
        cutting = submission;
        isMaking = true;
        while (!submission.isCut()) {
            final Piece piece = make(submission, known);
            if (piece == null) {
                break;
            }
            submission.outstanding++;
            counters.count(Event.PIECES);
            port.router().route(piece);
        }
        isMaking = false;
        if (submission.isCut()) {
            cutting = null;
        }
    }

    /// The next piece; null if none is free.
    private @Nullable Piece make(Submission submission, VolumeLayout known) {
        final long at = submission.next();
        final int part = known.partAt(at);
        final long inPart = at - known.start(part);
        final int offset = ShardRouter.offsetInShard(inPart, known.shardBytes());
        final int inShard = ShardRouter.lengthInShard(inPart, submission.remaining(), known.shardBytes());
        int length = PieceLength.of(submission.operation(), offset, inShard);
        PiecePool pool = narrow;
        if (!submission.fitsWithin(Piece.NARROW_ENTRIES)
                && submission.bytesWithin(Piece.NARROW_ENTRIES, length) < length) {
            pool = wide;
            length = PieceLength.wholeSectors(submission.bytesWithin(Piece.WIDE_ENTRIES, length), length);
        }
        final Piece piece = pool.take();
        if (piece != null) {
            final int shard = ShardRouter.shardIndex(inPart, known.shardBytes());
            final long deadlineNs = volume.deadlineNs(port.reactor().nowNs());
            piece.start(submission, known, routeOfPart[part], part, shard, offset, length, deadlineNs);
        }
        return piece;
    }

    /// A piece has its result.
    void ended(Piece piece, BlockStatus status) {
        final Submission submission = piece.submission();
        submission.outstanding--;
        submission.ended(status);
        if (status == BlockStatus.OK && submission.isOver()) {
            piece.explain(submission.request().times(), port.reactor().nowNs());
        }
        piece.become(PieceState.FREE);
        (piece.isWide() ? wide : narrow).give(piece);
        if (isMaking && isBeingCut(submission)) {
            return;
        }
        if (submission.isOver()) {
            complete(submission);
        }
        resume();
    }

    @SuppressWarnings("ReferenceEquality") // a submission is itself and no other
    private boolean isBeingCut(Submission submission) {
        return submission == cutting;
    }

    private void complete(Submission submission) {
        if (isBeingCut(submission)) {
            cutting = null;
        }
        final BlockStatus status = submission.status();
        final BlockRequest request = submission.release();
        submissions.give(submission);
        request.completed(status);
    }

    /// Go on with what had to wait: the request that is being cut, then those that wait.
    private void resume() {
        if (isResuming) {
            return;
        }
        isResuming = true;
        while (resumeOne()) {
            // One request after the other, in their order.
        }
        isResuming = false;
    }

    /// @return whether there may be more to do
    private boolean resumeOne() {
        final VolumeLayout known = layout;
        if (known == null || isMaking || !hasPieces()) {
            return false;
        }
        final Submission begun = cutting;
        if (begun != null) {
            cut(begun, known);
            if (begun.isOver()) {
                complete(begun);
            }
            return cutting == null;
        }
        final BlockRequest next = waiting.take();
        if (next == null) {
            return false;
        }
        final BlockStatus status = condemned ? BlockStatus.IO_ERROR : start(next, known);
        if (status != BlockStatus.PENDING) {
            next.completed(status);
        }
        return true;
    }

    // ---- control plane ----

    /// The volume is attached, or has another size.
    void adopt(VolumeLayout newer) {
        assert port.reactor().inLoop();
        final SetRoute[] routes = new SetRoute[newer.partCount()];
        for (int part = 0; part < routes.length; part++) {
            routes[part] = port.route(newer.setId(part));
        }
        routeOfPart = routes;
        layout = newer;
        resume();
    }

    /// A chunk server says that a newer attachment exists.
    void fenced(long newerGeneration) {
        final VolumeLayout known = layout;
        if (!condemned && known != null && newerGeneration > known.generation()) {
            volume.fencedBy(newerGeneration);
            condemn();
        }
    }

    /// From now on every request fails; those that wait fail now, those in flight when their answer comes.
    void condemn() {
        assert port.reactor().inLoop();
        if (condemned) {
            return;
        }
        condemned = true;
        // Not from within the loops that may be under way on this channel's pieces just now.
        port.reactor().post(this::failWaiting);
    }

    private void failWaiting() {
        if (condemned) {
            narrow.forEach(this::failIfWaiting);
            wide.forEach(this::failIfWaiting);
            forgetWaiting();
        }
    }

    /// The volume is to be attached anew: requests wait until it is.
    void revive() {
        assert port.reactor().inLoop();
        layout = null;
        condemned = false;
    }

    /// Fail the requests that have not been begun.
    void forgetWaiting() {
        for (BlockRequest request = waiting.take(); request != null; request = waiting.take()) {
            request.completed(BlockStatus.IO_ERROR);
        }
    }

    private void failIfWaiting(Piece piece) {
        switch (piece.state()) {
            case WAITING_MAP, WAITING_IDENTITY, WAITING_CONNECTION, WAITING_ORDER, BACKING_OFF -> {
                port.router().recall(piece);
                port.router().route(piece);
            }
            case FREE, READY, IN_FLIGHT -> {}
        }
    }

    /// Collect the pieces that wait for a map: they are READY afterwards.
    void recallWaitingForMap(List<Piece> into) {
        narrow.forEach(piece -> recallWaitingForMap(piece, into));
        wide.forEach(piece -> recallWaitingForMap(piece, into));
    }

    private void recallWaitingForMap(Piece piece, List<Piece> into) {
        if (piece.state() == PieceState.WAITING_MAP) {
            port.router().recall(piece);
            into.add(piece);
        }
    }

    /// The map has changed: a change that is in flight to who is not the primary any more may have been executed
    /// there, and nothing that touches the same bytes may be executed elsewhere before it has a result.
    void unsettleMoved() {
        narrow.forEach(this::unsettleIfMoved);
        wide.forEach(this::unsettleIfMoved);
    }

    @SuppressWarnings("ReferenceEquality") // a link is itself and no other
    private void unsettleIfMoved(Piece piece) {
        if (piece.state() == PieceState.IN_FLIGHT && piece.route().primary(piece.pg()) != piece.link()) {
            retryOrder.unsettle(piece);
        }
    }

    private long sweepNs() {
        return Math.max(1, volume.ioTimeoutNs() / TIMEOUT_SWEEPS);
    }

    /// Looks after pieces whose time is over while they wait for something that does not come.
    private final class Sweep extends TimerTask {
        @Override
        protected void expired(long nowNs) {
            narrow.forEach(piece -> sweep(piece, nowNs));
            wide.forEach(piece -> sweep(piece, nowNs));
            port.reactor().schedule(this, sweepNs());
        }

        private void sweep(Piece piece, long nowNs) {
            if (piece.state() != PieceState.FREE && piece.isExpired(nowNs)) {
                failIfWaiting(piece);
            }
        }
    }

    @Override
    public void useMemory(RegionTable table) {
        if (table.sealed()) {
            port.network().useMemory(table, MemoryKind.SEALED);
        }
    }

    @Override
    public void releaseMemory(RegionTable table) {
        if (table.sealed()) {
            port.network().releaseMemory(table);
        }
    }

    @Override
    public int inFlight() {
        return submissions.taken() + waiting.count();
    }

    /// The same, read without order. Any thread.
    int glance() {
        return inFlight();
    }

    @Override
    public void close() {
        assert inFlight() == 0 : inFlight() + " requests in flight";
        port.reactor().cancel(sweep);
        port.closed(this);
        volume.channelClosed(this);
    }
}
