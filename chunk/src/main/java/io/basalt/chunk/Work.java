package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Background;
import io.basalt.chunk.schedule.Job;
import io.basalt.chunk.schedule.Origin;
import io.basalt.chunk.schedule.ScheduleStatus;
import io.basalt.chunk.schedule.Scheduler;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreOperation;
import io.basalt.wire.ProtocolVersions;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;

/// What a device has under way, and what waits for it: the [Scheduler] before the store, and all
/// requests to the store, which it counts. One owner reactor.
final class Work {
    private final ChunkDevice device;
    private final Scheduler scheduler;

    Work(ChunkDevice device) {
        this.device = device;
        final ChunkSettings settings = device.settings();
        final int queueMax = Math.min(settings.schedule().queueMax(), Math.max(1, settings.requestsMax() / 2));
        scheduler = new Scheduler(settings.schedule().withQueueMax(queueMax), device.nowNs());
        scheduler.limit(Background.REPAIR, settings.repairBytesPerSecond());
        scheduler.limit(Background.MIGRATION, settings.repairBytesPerSecond());
    }

    // What waits.

    /// Have a client's request begun now, or when its turn comes.
    ///
    /// @return [Scheduler#TAKEN], or after how many nanoseconds it is to come again
    long offer(Turn turn, Incoming in) {
        final MemorySegment body = in.body();
        final int type = in.type();
        final int bytes = type == DataMessage.READ || type == DataMessage.WRITE ? ShardRange.length(body) : 0;
        return scheduler.offer(turn, ShardRange.volumeId(body), ClientRequest.weight(body), bytes, device.nowNs());
    }

    /// Have work that no client waits for begun now, or when its turn comes.
    void offer(Job job, Background work, int bytes) {
        scheduler.offer(job, work, bytes, device.nowNs());
    }

    /// Forget what waits.
    void withdraw(Job job) {
        scheduler.withdraw(job);
    }

    /// Bound a class of work.
    void limit(Background work, long bytesPerSecond) {
        scheduler.limit(work, bytesPerSecond);
    }

    /// Tell a gate that a request was not taken. Gates of version 1 find out by themselves how long to
    /// wait.
    void refuse(Incoming in, int epoch, long retryNs) {
        device.counters().count(Counter.OVERLOADED);
        if (in.connection().version() >= ProtocolVersions.SCHEDULING) {
            device.answer(in, AnswerCode.OVERLOADED, epoch, retryNs);
        } else {
            device.answer(in, AnswerCode.BUSY, epoch, 0);
        }
    }

    // The cluster's own rewriting.

    /// Start rewriting whole blocks with what copies have: see [Change#begin(Rewriting, int)].
    ///
    /// @return false if there is no room for another change: ask again later
    boolean rebuild(Rewriting what, int sources) {
        final Change change = device.takeChange();
        if (change != null) {
            change.begin(what, sources);
        }
        return change != null;
    }

    /// Start giving one copy whole blocks as they are here: see [Change#beginGiving].
    ///
    /// @return false if there is no room for another change: ask again later
    boolean give(Rewriting what, int slot, long version) {
        final Change change = device.takeChange();
        if (change != null) {
            change.beginGiving(what, slot, version);
        }
        return change != null;
    }

    // The store.

    /// Have the store do something: it is counted until it is done.
    void submit(StoreStep step, Origin origin) {
        step.countedBy(this, origin, device.nowNs());
        scheduler.began(origin);
        device.store().submit(step);
    }

    /// The store is done with something, of which its owner does not know yet.
    void ended(StoreStep step, Origin origin, long sentNs) {
        final long tookNs = device.nowNs() - sentNs;
        scheduler.ended(origin, tookNs);
        if (origin == Origin.CLIENT && step.operation() == StoreOperation.WRITE) {
            device.peers().own().took(tookNs);
        }
    }

    /// Begin what there is room for.
    void goOn() {
        scheduler.dispatch(device.nowNs());
    }

    // Time, and the end.

    void tick(long nowNs) {
        scheduler.tick(nowNs);
    }

    /// Drop what waits.
    void close() {
        scheduler.close();
    }

    ScheduleStatus status() {
        return scheduler.status();
    }
}
