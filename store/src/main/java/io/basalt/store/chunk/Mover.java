package io.basalt.store.chunk;

import io.basalt.reactor.TimerTask;
import io.basalt.store.chunk.StoreOp.Kind;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Brings shards with two slots back to one: what the target slot does not have yet is copied there, and the
/// other slot is given back. Works while nobody writes, or when the reserve runs out. One owner reactor.
final class Mover extends TimerTask {
    private static final long PERIOD_NS = 20_000_000;

    private final StoreParts parts;
    private final MemorySegment cache;
    private final BitSet entries;
    private int count;
    private int next;
    private boolean allowed;
    private boolean moving;
    private boolean starved;
    private long bytesSeen;

    Mover(StoreParts parts) {
        this.parts = parts;
        cache = parts.memory.cache();
        entries = new BitSet(parts.geometry.entries());
    }

    /// A shard has got a second slot.
    void hasTwoSlots(int entry) {
        if (!entries.get(entry)) {
            entries.set(entry);
            count++;
        }
        if (!isScheduled()) {
            parts.reactor.schedule(this, PERIOD_NS);
        }
    }

    /// A shard has one slot again, or none.
    void hasOneSlot(int entry) {
        if (entries.get(entry)) {
            entries.clear(entry);
            count--;
        }
    }

    /// Work for as long as nothing was written since the last look, or the reserve is nearly used up.
    @Override
    protected void expired(long nowNs) {
        final long bytes = parts.counters.value(StoreCounters.Counter.USER_BYTES_WRITTEN);
        allowed = bytes == bytesSeen || parts.slots.seconds() * 4L > parts.slots.reserve() * 3L;
        bytesSeen = bytes;
        if (count > 0) {
            parts.reactor.schedule(this, PERIOD_NS);
        }
    }

    void stop() {
        parts.reactor.cancel(this);
        allowed = false;
    }

    /// Start the next move, if there is one to do now.
    ///
    /// @return whether one was started
    boolean poll() {
        if (!allowed || moving || count == 0 || parts.failed()) {
            return false;
        }
        next = entries.nextSetBit(next);
        if (next < 0) {
            next = 0;
            return false;
        }
        final Frame frame = parts.cache.acquire(next);
        if (frame == null || frame.state != Frame.State.READY || frame.first != null || !start(frame)) {
            next++;
            return false;
        }
        return true;
    }

    private boolean start(Frame frame) {
        final int source = 1 - frame.target;
        final int blocks = parts.geometry.shardBlocks();
        for (int block = 0; block < blocks; block++) {
            int run = 0;
            while (run < parts.geometry.recordBlocksMax() && block + run < blocks && isIn(frame, block + run, source)) {
                run++;
            }
            if (run > 0) {
                return move(frame, block, run);
            }
        }
        // Nothing is left to move: the slot is given back once what was there is not needed any more.
        starved = true;
        parts.operations().tidyLater(frame);
        return false;
    }

    private boolean isIn(Frame frame, int block, int which) {
        final int position = PageLayout.position(cache, frame.page, block);
        return PageLayout.isMapped(position) && position >>> 15 == which;
    }

    private boolean move(Frame frame, int block, int run) {
        final @Nullable StoreOp op = parts.operations().takeOwnOp();
        if (op == null) {
            starved = true;
            return false;
        }
        moving = true;
        op.start(Kind.MOVE, frame, block, run);
        parts.operations().submit(op);
        return true;
    }

    /// Whether the last move found no operation, or no free position in the target slot: there will be some
    /// when writes are covered.
    boolean isStarved() {
        return starved && count > 0;
    }

    /// A move has ended; one that failed is not tried again at once.
    void moved(StoreStatus status) {
        moving = false;
        starved = status == StoreStatus.NO_SPACE;
        if (status != StoreStatus.OK) {
            next++;
        }
    }
}
