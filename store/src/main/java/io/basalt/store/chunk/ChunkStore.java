package io.basalt.store.chunk;

import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.reactor.Poller;
import io.basalt.reactor.Reactor;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The shards of one device. One owner reactor: every method belongs to its thread.
///
/// The rule that everything here follows: **a block that recovery could still need is never overwritten.**
/// New content of a block goes to a spare place in the shard's slot while a record of it goes to the intent
/// log; both take one latency of the device, side by side. `docs/FORMAT.md` has the structures,
/// [BlockWriter] the life of a write, [IntentLog] what recovery does with a record, [Checkpoint] how the
/// log is kept short.
public final class ChunkStore {
    private final StoreParts parts;
    private final Requests requests;
    private final Loop loop = new Loop();
    private @Nullable Runnable closed;
    private boolean ended;

    ChunkStore(StoreParts parts, long firstLsn) {
        this.parts = parts;
        requests = new Requests(parts);
        final Flusher flusher = new Flusher(parts.device, parts.counters, new Flushes());
        parts.connect(
                new IntentLog(parts, firstLsn),
                flusher,
                new Checkpoint(parts),
                new ShardOperations(parts, requests),
                new Mover(parts));
        parts.device.afterwards(this::deviceDone);
        parts.reactor.addPoller(loop);
    }

    /// Write an empty store on a device, over whatever is there. Nothing else may use the device.
    ///
    /// @param volume stays the caller's, and open until the listener was told
    public static void format(Volume volume, Reactor reactor, FormatOptions options, FormatListener listener) {
        new Formatter(volume, reactor, options, listener).start();
    }

    /// Open the store on a device and recover it.
    ///
    /// @param volume stays the caller's, and open until the store is closed or abandoned
    public static void open(Volume volume, Reactor reactor, StoreOptions options, OpenListener listener) {
        new Opening(volume, reactor, options, listener).start();
    }

    /// Start a request. Requests on overlapping ranges of a shard take effect in the order of submission.
    /// Allocates nothing, blocks never, and never completes the request from inside the call.
    public void submit(StoreRequest request) {
        assert parts.reactor.inLoop();
        assert closed == null : "the store is being closed";
        requests.submit(request);
        requests.pump();
        parts.operations().drain();
    }

    /// Requests' data will lie in these regions: register them with the device. Undone by [#releaseMemory].
    public void useMemory(RegionTable table) {
        parts.device.useMemory(table);
    }

    /// No request in this table's regions is in flight or will come.
    public void releaseMemory(RegionTable table) {
        parts.checksums.forget(table);
        parts.device.releaseMemory(table);
    }

    /// Identity of the device, which it keeps when it is formatted again.
    public UUID deviceId() {
        return new UUID(parts.geometry.deviceIdHigh(), parts.geometry.deviceIdLow());
    }

    /// Whether shards are lost and it is not known which: the device was formatted in place of one that had
    /// content, or a metadata page was found that does not say whose it was. Then a shard that the store does
    /// not know is not one that was never written: reading it is answered [StoreStatus#CORRUPT]; its blocks have
    /// [StoreRequest#VERSION_LOST]. Kept on the device until [#declareComplete].
    public boolean isIncomplete() {
        return parts.isIncomplete();
    }

    /// Every shard that the store should know was compared with a good copy: what it does not know now was
    /// never written.
    public void declareComplete() {
        assert parts.reactor.inLoop();
        parts.incomplete(false);
    }

    /// What this store was filled from has lost shards: see [#isIncomplete].
    ///
    /// @return whether the device has been told, too; if not, it soon is: ask again
    public boolean declareIncomplete() {
        assert parts.reactor.inLoop();
        parts.incomplete(true);
        return parts.log().isIncompleteWritten();
    }

    /// Highest version of any completed change of a shard; 0 if the store does not know the shard. Allocates
    /// nothing.
    public long shardVersion(long partId, int shardIndex) {
        final int entry = parts.entries.find(partId, shardIndex);
        return entry == EntryTable.NONE ? 0 : parts.entries.version(entry);
    }

    /// Whether a shard's metadata is lost, so that it must be dropped and written again.
    public boolean shardDamaged(long partId, int shardIndex) {
        final int entry = parts.entries.find(partId, shardIndex);
        return entry != EntryTable.NONE && parts.entries.isDamaged(entry);
    }

    /// A value that is a function of the versions of a shard's blocks: where it is the same on two copies,
    /// and not 0, each block has the same version on both, as sure as 64 bits can be. 0 if the store does not
    /// know the shard, and if its metadata is lost: such a one has to be compared block by block. May be
    /// asked from inside [#visitShards] and [#forEachShard]. Allocates nothing.
    public long shardDigest(long partId, int shardIndex) {
        final int entry = parts.entries.find(partId, shardIndex);
        return entry == EntryTable.NONE ? 0 : parts.entries.digest(entry);
    }

    /// Tell about every shard, in no particular order. Control plane.
    public void forEachShard(ShardVisitor visitor) {
        final EntryTable entries = parts.entries;
        for (int entry = 0; entry < entries.highWater(); entry++) {
            if (entries.isKnown(entry)) {
                visitor.shard(
                        entries.partId(entry),
                        entries.shardIndex(entry),
                        entries.version(entry),
                        entries.isTombstone(entry));
            }
        }
    }

    /// Tell about the shards of some entries; those that are told as empty are tombstones, without content
    /// and with versions that are kept. Control plane.
    ///
    /// @param from where to begin: 0, or what the last call returned
    /// @param entryCount entries looked at, so that a caller may spread the walk over time
    /// @return where to go on; 0 after the last entry
    public int visitShards(int from, int entryCount, ShardVisitor visitor) {
        final EntryTable entries = parts.entries;
        final int end = (int) Math.min(entries.highWater(), (long) from + entryCount);
        for (int entry = from; entry < end; entry++) {
            if (entries.isKnown(entry)) {
                visitor.shard(
                        entries.partId(entry),
                        entries.shardIndex(entry),
                        entries.version(entry),
                        entries.isTombstone(entry));
            }
        }
        return end == entries.highWater() ? 0 : end;
    }

    /// Tell how much some of the shards hold. Control plane.
    ///
    /// @param from where to begin: 0, or what the last call returned
    /// @param entryCount entries looked at, so that a caller may spread the walk over time
    /// @return where to go on; 0 after the last entry
    public int visitContent(int from, int entryCount, ContentVisitor visitor) {
        final EntryTable entries = parts.entries;
        final int end = Math.min(entries.highWater(), from + entryCount);
        for (int entry = from; entry < end; entry++) {
            if (entries.isKnown(entry)) {
                visitor.shard(entries.partId(entry), entries.mapped(entry));
            }
        }
        return end == entries.highWater() ? 0 : end;
    }

    /// Whether the device has failed under the store's log or metadata: no change can be made durable any more.
    public boolean hasFailed() {
        return parts.failed();
    }

    /// How full the store is.
    public StoreCapacity capacity() {
        return new StoreCapacity(
                parts.geometry.shardBytes(),
                parts.slots.total(),
                parts.slots.reserve(),
                parts.slots.used(),
                parts.slots.releasing(),
                parts.entries.used(),
                parts.entries.tombstones(),
                parts.entries.total(),
                parts.entries.mappedTotal());
    }

    /// Bytes of a shard.
    public int shardBytes() {
        return parts.geometry.shardBytes();
    }

    /// What the store's acknowledgements mean.
    public Durability durability() {
        return parts.options.durability();
    }

    /// What the store counts about itself.
    public StoreCounters counters() {
        return parts.counters;
    }

    /// Requests submitted and not completed.
    public int inFlight() {
        return requests.inFlight();
    }

    /// Finish what is under way, write a checkpoint and let go of the device. No request may be submitted any
    /// more.
    ///
    /// @param whenClosed run from a later poll, once the device is free
    public void close(Runnable whenClosed) {
        assert closed == null : "the store is closed once";
        closed = whenClosed;
        parts.mover().stop();
    }

    /// Let go at once, as a crash would: nothing more is written, and what is in flight is never answered.
    /// The memory of requests in flight stays in the device's use until it is done with them.
    public void abandon() {
        ended = true;
        parts.mover().stop();
        parts.device.abandon();
        parts.reactor.removePoller(loop);
    }

    @Override
    public String toString() {
        return "chunk store: " + requests.inFlight() + " requests" + (requests.waits() ? ", some not started" : "")
                + (parts.operations().waitsForSpace() ? ", some waiting for space" : "")
                + (parts.failed() ? ", failed" : "") + "; " + parts.log() + "; " + parts.checkpoint() + "; "
                + parts.slots;
    }

    private void deviceDone() {
        parts.operations().spaceChanged();
        settle();
    }

    /// Do what has become possible, then answer.
    private int settle() {
        int work = parts.operations().drain();
        final int started = requests.pump();
        if (started > 0) {
            work += started + parts.operations().drain();
        }
        return work + requests.answer();
    }

    /// Move what those who wait are waiting for.
    private boolean makeSpace() {
        if (parts.log().pushIncomplete()) {
            return true;
        }
        final boolean waiting = parts.operations().waitsForSpace()
                || requests.waits()
                || parts.mover().isStarved();
        if (!waiting && !parts.log().isShort()) {
            return false;
        }
        if ((requests.waits() && parts.operations().hasFreeOp()) || parts.log().isShort()) {
            parts.checkpoint().hurry();
        }
        return parts.log().push(parts.log().isShort() && parts.log().tailUnpublished());
    }

    private int finish(Runnable whenClosed) {
        if (requests.inFlight() > 0) {
            return 0;
        }
        if (!parts.failed()) {
            if (parts.log().isIncompleteDue()) {
                return 0;
            }
            if (parts.log().hasNoted() || !parts.log().isIdle()) {
                return parts.log().push(false) ? 1 : 0;
            }
            if (!parts.operations().isIdle()) {
                return 0;
            }
            if (!parts.checkpoint().isClean()) {
                parts.checkpoint().hurry();
                return 0;
            }
            if (parts.log().tailUnpublished()) {
                return parts.log().push(true) ? 1 : 0;
            }
        }
        if (parts.device.inFlight() > 0) {
            return 0;
        }
        ended = true;
        parts.reactor.removePoller(loop);
        parts.device.releaseMemory(parts.memory.table());
        parts.device.close();
        whenClosed.run();
        return 1;
    }

    /// The store's share in each pass of the reactor.
    private final class Loop implements Poller {
        @Override
        public int poll(long nowNs) {
            int work = parts.device.poll();
            if (parts.failed()) {
                // Whoever waits for space or a flush is told that there will be none.
                parts.operations().spaceChanged();
                parts.log().flushFailed();
            }
            work += settle();
            if (parts.failed()) {
                parts.log().abandonNoted();
            }
            work += parts.log().poll();
            work += makeSpace() ? 1 : 0;
            work += parts.checkpoint().poll() ? 1 : 0;
            work += parts.mover().poll() ? 1 : 0;
            if (closed != null && !ended) {
                work += finish(closed);
            }
            return work;
        }

        @Override
        public boolean arm() {
            return !parts.device.hasEarly()
                    && !requests.hasAnswers()
                    && !parts.log().isDue()
                    && !parts.log().isIncompleteDue()
                    && (closed == null || parts.device.inFlight() > 0);
        }

        @Override
        public void disarm() {}
    }

    private final class Flushes implements Flusher.Listener {
        @Override
        public void flushStarts() {
            parts.log().flushStarts();
        }

        @Override
        public void flushed(boolean good) {
            if (good) {
                parts.log().flushed();
            } else {
                parts.fail();
                parts.log().flushFailed();
            }
            requests.flushed(parts.flusher().finished(), good);
        }
    }
}
