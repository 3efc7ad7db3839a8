package io.basalt.store.chunk;

import io.basalt.block.BlockStatus;
import io.basalt.store.chunk.StoreCounters.Counter;
import io.basalt.store.chunk.StoreOp.Kind;
import io.basalt.store.chunk.StoreOp.State;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Runs the operations on shards: in order of submission where they overlap, side by side elsewhere.
///
/// Nothing here recurses: whatever becomes possible is put on the runnable list and done by [#drain()], which
/// every entry into the store ends with. Reading is done by [BlockReader], changing by [BlockWriter]. One
/// owner reactor.
final class ShardOperations implements PageCache.LoadListener {
    /// Operations kept for the store's own use.
    private static final int OWN_COUNT = 8;

    /// Who is told that a piece of a request has ended.
    interface Listener {
        void pieceEnded(StoreOp op);
    }

    private final StoreParts parts;
    private final Listener listener;
    private final BlockReader reader;
    private final BlockWriter writer;
    private final OpQueue free = new OpQueue();
    private final OpQueue ownFree = new OpQueue();
    private final OpQueue runnable = new OpQueue();
    private final OpQueue waitingForBounce = new OpQueue();
    private final OpQueue waitingForSpace = new OpQueue();
    private final int firstOwn;
    private @Nullable Frame firstToTidy;
    private @Nullable Frame lastToTidy;
    private boolean spaceChanged;
    private boolean bounceFreed;

    ShardOperations(StoreParts parts, Listener listener) {
        this.parts = parts;
        this.listener = listener;
        final BouncePool bounces = new BouncePool(parts.memory);
        reader = new BlockReader(parts, this, bounces);
        writer = new BlockWriter(parts, this, new WriteContent(parts, this, reader, bounces));
        firstOwn = parts.options.operationCount();
        for (int i = 0; i < firstOwn + OWN_COUNT; i++) {
            (i < firstOwn ? free : ownFree).add(new StoreOp(this, parts.device, i, parts.geometry));
        }
        parts.cache.listener(this);
    }

    /// An operation for a piece of a request, or null if all are under way.
    @Nullable
    StoreOp takeOp() {
        return free.take();
    }

    boolean hasFreeOp() {
        return !free.isEmpty();
    }

    /// An operation for the store's own use, or null if all are under way.
    @Nullable
    StoreOp takeOwnOp() {
        return ownFree.take();
    }

    boolean hasOwnOp() {
        return !ownFree.isEmpty();
    }

    /// Before what comes next on a shard whose map is lost, or which the store should know and does not: say
    /// that all its blocks are lost, until they are written anew. Needs an own operation.
    void lose(Frame frame) {
        submit(losing(frame));
    }

    private StoreOp losing(Frame frame) {
        final StoreOp op = Objects.requireNonNull(ownFree.take());
        op.start(Kind.LOSE, frame, 0, parts.geometry.shardBlocks());
        op.version = parts.entries.version(frame.entry);
        frame.losing = true;
        return op;
    }

    /// Start an operation: it is the newest of its shard.
    void submit(StoreOp op) {
        final Frame frame = op.page();
        frame.pins++;
        frame.append(op);
        op.state = State.WAITING;
        if (frame.state != Frame.State.LOADING && !Frame.mustWait(op)) {
            run(op);
            return;
        }
        frame.orderWaits++;
        if (op.request != null && frame.state != Frame.State.LOADING) {
            parts.counters.count(Counter.ORDER_WAITS);
        }
    }

    private void run(StoreOp op) {
        op.state = State.RUNNABLE;
        runnable.add(op);
    }

    /// An operation that waited for the device may go on.
    void resume(StoreOp op) {
        run(op);
    }

    @Override
    public void loaded(Frame frame) {
        if (frame.state == Frame.State.DAMAGED && !frame.losing && hasChange(frame) && hasOwnOp()) {
            final StoreOp op = losing(frame);
            frame.pins++;
            frame.prepend(op);
            run(op);
        }
        wake(frame);
    }

    private static boolean hasChange(Frame frame) {
        for (StoreOp op = frame.first; op != null; op = op.nextInFrame) {
            if (op.kind == Kind.WRITE || op.kind == Kind.CLEAR) {
                return true;
            }
        }
        return false;
    }

    private void wake(Frame frame) {
        if (frame.orderWaits == 0 || frame.state == Frame.State.LOADING) {
            return;
        }
        for (StoreOp op = frame.first; op != null; op = op.nextInFrame) {
            if (op.state == State.WAITING && !Frame.mustWait(op)) {
                frame.orderWaits--;
                run(op);
            }
        }
    }

    /// Do everything that can be done now.
    ///
    /// @return steps done
    int drain() {
        int steps = 0;
        while (true) {
            final StoreOp op = runnable.take();
            if (op != null) {
                step(op);
                steps++;
            } else if (bounceFreed && !waitingForBounce.isEmpty()) {
                retryBounce();
            } else if (spaceChanged && !waitingForSpace.isEmpty()) {
                steps += retrySpace();
            } else if (firstToTidy == null || !tidy()) {
                return steps;
            }
        }
    }

    /// Space may have become free that the parts cannot see: log blocks, and the like.
    void spaceChanged() {
        spaceChanged = true;
    }

    boolean waitsForSpace() {
        return !waitingForSpace.isEmpty() || firstToTidy != null;
    }

    /// A bounce buffer is free again.
    void bounceFreed() {
        bounceFreed = true;
    }

    private void retryBounce() {
        final StoreOp op = Objects.requireNonNull(waitingForBounce.take());
        run(op);
    }

    /// All bounce buffers are in use. Those who hold one never wait for those who wait here.
    void awaitBounce(StoreOp op) {
        bounceFreed = false;
        op.state = State.BOUNCE;
        waitingForBounce.add(op);
    }

    /// Let those who wait for space try again, in order. Of one shard's, none goes before an earlier one.
    private int retrySpace() {
        spaceChanged = false;
        final int tries = waitingForSpace.count();
        for (int i = 0; i < tries; i++) {
            final StoreOp op = Objects.requireNonNull(waitingForSpace.take());
            op.page().spaceWaits--;
            if (op.page().spaceWaits > 0 && hasEarlierSpaceWait(op)) {
                awaitSpace(op);
            } else {
                step(op);
                // Who waited for this one's turn may have theirs now.
                spaceChanged |= op.state != State.SPACE && !op.aborted;
            }
        }
        return tries;
    }

    /// Whether an operation submitted before this one on the same shard waits for space.
    static boolean hasEarlierSpaceWait(StoreOp op) {
        for (StoreOp before = op.previousInFrame; before != null; before = before.previousInFrame) {
            if (before.state == State.SPACE) {
                return true;
            }
        }
        return false;
    }

    /// The operation needs positions or log space that are not there now.
    void awaitSpace(StoreOp op) {
        if (op.state != State.SPACE) {
            parts.counters.count(Counter.SPARE_WAITS);
        }
        op.state = State.SPACE;
        op.page().spaceWaits++;
        waitingForSpace.add(op);
    }

    /// The record that an operation failed finds no room in the log now. The operation has left its shard.
    void awaitAbort(StoreOp op) {
        op.page().spaceWaits++;
        waitingForSpace.add(op);
    }

    private void step(StoreOp op) {
        switch (op.kind) {
            case READ -> reader.step(op);
            case VERSIONS -> reader.versions(op);
            case UNKEEP -> writer.unkeep(op);
            case WRITE, ZERO_PART, CLEAR, DROP, MOVE, RELEASE, FORGET, LOSE -> writer.step(op);
        }
    }

    /// A device operation of an operation has ended.
    void ioDone(StoreOp op, BlockStatus status) {
        if (status != BlockStatus.OK) {
            op.fail(
                    status == BlockStatus.NO_SPACE ? StoreStatus.NO_SPACE : StoreStatus.IO_ERROR,
                    StoreRequest.NO_BLOCK);
        }
        partDone(op);
    }

    /// A device operation, or the log block with its record, has ended.
    void partDone(StoreOp op) {
        op.parts--;
        if (op.parts > 0) {
            return;
        }
        if (op.state == State.WRITING) {
            writer.written(op);
        } else {
            assert op.state == State.READING;
            run(op);
        }
    }

    /// What an operation changed is durable: what it replaced is not needed any more.
    void durable(StoreOp op) {
        writer.durable(op);
    }

    /// What an operation changed cannot become durable.
    void flushFailed(StoreOp op) {
        writer.flushFailed(op);
    }

    /// Recovery cannot judge an operation's record any more.
    void covered(StoreOp op) {
        writer.covered(op);
        recycle(op);
        spaceChanged = true;
    }

    /// An operation has ended, and the store has failed: what it holds stays as it is.
    void abandoned(StoreOp op) {
        recycle(op);
    }

    /// Whether no operation is under way.
    boolean areAllFree() {
        return free.count() == firstOwn && ownFree.count() == OWN_COUNT;
    }

    /// An operation without record has ended.
    void ended(StoreOp op) {
        leave(op);
        recycle(op);
    }

    /// An operation has been answered; those that waited for it may go on.
    void leave(StoreOp op) {
        final Frame frame = op.page();
        frame.remove(op);
        if (op.request != null) {
            listener.pieceEnded(op);
            op.request = null;
        } else if (op.kind == Kind.MOVE) {
            parts.mover().moved(op.status);
        } else if (op.kind == Kind.LOSE) {
            frame.losing = false;
        }
        wake(frame);
        if (frame.first == null) {
            tidyLater(frame);
        }
    }

    private void recycle(StoreOp op) {
        op.page().pins--;
        op.frame = null;
        op.state = State.FREE;
        (op.index < firstOwn ? free : ownFree).add(op);
    }

    // Tidying: slots without content are given back, and entries of shards to be forgotten

    /// See later whether a shard has something to give back.
    void tidyLater(Frame frame) {
        if (frame.releasing || !writer.hasToTidy(frame)) {
            return;
        }
        frame.releasing = true;
        frame.pins++;
        frame.nextToTidy = null;
        if (lastToTidy == null) {
            firstToTidy = frame;
        } else {
            lastToTidy.nextToTidy = frame;
        }
        lastToTidy = frame;
    }

    private boolean tidy() {
        final Frame frame = firstToTidy;
        if (frame == null || ownFree.isEmpty()) {
            return false;
        }
        firstToTidy = frame.nextToTidy;
        if (firstToTidy == null) {
            lastToTidy = null;
        }
        if (firstToTidy == null) {
            lastToTidy = null;
        }
        frame.pins--;
        frame.nextToTidy = null;
        frame.releasing = false;
        if (writer.hasToTidy(frame)) {
            final StoreOp op = Objects.requireNonNull(ownFree.take());
            frame.releasing = true;
            if (writer.isForgettable(frame)) {
                op.start(Kind.FORGET, frame, 0, parts.geometry.shardBlocks());
            } else {
                op.start(Kind.RELEASE, frame, 0, 0);
            }
            submit(op);
        }
        return true;
    }

    boolean isIdle() {
        return runnable.isEmpty()
                && waitingForBounce.isEmpty()
                && waitingForSpace.isEmpty()
                && firstToTidy == null
                && ownFree.count() == OWN_COUNT;
    }
}
