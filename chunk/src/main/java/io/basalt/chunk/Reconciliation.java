package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Background;
import io.basalt.chunk.schedule.Origin;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardEntry;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The comparison of copies, shard by shard ([Suspects]) and block by block ([Differences]), and the rewriting of what
/// differs. Control plane.
///
/// * **Takeover**: among the copies that are in sync, the newest version of each block wins. It may be of
///   a change that was never acknowledged; it has been read by nobody, so either choice is right, but all
///   copies must make the same.
/// * **Joining**: this device's copy is right whatever the versions are, and only blocks that were
///   written before the joining copy got every change can differ in a way that matters.
///
/// Only shards are looked at that were changed since all copies had everything ([Settling]); all shards, if this device
/// does not know since when, or the joining copy was not in sync then or has begun a new life.
///
/// What a joining copy has in an older version is given to it as it is here. What differs otherwise is written anew to
/// all copies, as a change with a new version. Both happen in the order of all other changes. So a comparison that is
/// broken off has done no harm and is begun anew.
final class Reconciliation implements ReplicaCall.Owner, StoreStep.Owner, Change.Listener {
    /// What it does.
    private enum Phase {
        SETTLING,
        LISTING,
        COMPARING,
        REWRITING,
        TELLING,
        OVER
    }

    private final PgReplica replica;
    private final ChunkDevice device;

    private final @Nullable Copy joining;

    /// Shards that were changed last before this version are the same on all.
    private final long from;

    private final List<Copy> others = new ArrayList<>();
    private final int blocks;
    private final StoreStep step;
    private final Differences differences;
    private final ArrayDeque<Differences.Run> runs = new ArrayDeque<>();
    private final Suspects shards;

    private Phase phase = Phase.SETTLING;
    private ShardKey cursor = new ShardKey(0, 0);
    private int asked;
    private int scratch = Scratch.NONE;
    private boolean isWaiting;
    private int shardsDone;
    private long bytesDone;

    /// @param joining the copy that is to be brought up to date; null for a takeover
    Reconciliation(PgReplica replica, @Nullable Copy joining) {
        this.replica = replica;
        this.joining = joining;
        device = replica.device();
        from = haveCommon(joining) ? replica.commonBelow() : 0;
        blocks = device.store().shardBytes() / DataMessage.BLOCK_BYTES;
        step = new StoreStep(this, blocks);
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && (joining == null ? copy.isInSync() : copy.slot() == joining.slot())) {
                others.add(copy);
            }
        }
        differences = new Differences(replica, others, joining, blocks);
        shards = new Suspects(device.store(), others.size());
    }

    /// Whether all that are compared have what this device knows to be common. A copy that has begun a new life
    /// may have lost some of it, until it was compared.
    private boolean haveCommon(@Nullable Copy compared) {
        if (compared != null) {
            return compared.hasCommon();
        }
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isInSync() && !copy.knowsCommon()) {
                return false;
            }
        }
        return true;
    }

    /// Whether only shards that were changed of late are looked at.
    boolean isPartial() {
        return from > 0;
    }

    /// Say how far the copy is that is brought up to date, if this is about one.
    void show(RepairView view) {
        if (joining != null && phase != Phase.OVER) {
            view.copy(replica.pg(), joining.peer().deviceId(), shardsDone, shardsDone + shards.count(), bytesDone);
        }
    }

    /// End without a result: it is begun anew.
    void breakOff() {
        fail();
    }

    /// Go on, if it waits for time to pass or for resources.
    void tick() {
        if (isWaiting) {
            return;
        }
        if (joining != null && !joining.isCompared()) {
            over();
            replica.reconciliationFailed(joining);
            return;
        }
        switch (phase) {
            case SETTLING -> {
                if (joining == null || replica.isSettledBefore(joining.neededFrom())) {
                    device.listing()
                            .of(replica, from)
                            .forEach((shard, listed) -> listedOne(shard, listed.version(), listed.tombstone()));
                    phase = Phase.LISTING;
                    list();
                }
            }
            case LISTING -> list();
            case COMPARING -> compare();
            case REWRITING -> rewrite();
            case TELLING -> tell();
            case OVER -> {}
        }
    }

    // Listing.

    private void list() {
        if (asked == others.size()) {
            replica.listed();
            device.counters().add(Counter.SHARDS_EQUAL, shards.clear());
            asked = -1;
            phase = Phase.COMPARING;
            compare();
            return;
        }
        final Copy copy = others.get(asked);
        ask(copy, DataMessage.COPY_SHARDS, cursor, ShardListing.COUNT_MAX * entryBytes(copy));
    }

    private static int entryBytes(Copy copy) {
        return copy.hasDigests() ? ShardEntry.DIGEST_BYTES : ShardEntry.BYTES;
    }

    /// A shard that no copy has content of need not be compared: it reads as zeros everywhere, whether it
    /// is a tombstone or has been forgotten already. A tombstone counts where older shards are not listed: another
    /// copy may have missed the deletion, and its content is too old to be seen.
    private void listedOne(ShardKey shard, long version, boolean tombstone) {
        replica.seen(version);
        if ((!tombstone || from > 0) && !device.sweep().isDeleted(shard.partId())) {
            shards.add(shard);
        }
    }

    private void listed(ReplicaCall call) {
        final int count = call.answeredCount();
        final Copy copy = others.get(asked);
        final int bytes = entryBytes(copy);
        if (count < 0 || count > ShardListing.COUNT_MAX || call.answerPayloadLength() != (long) count * bytes) {
            fail();
            return;
        }
        final MemorySegment memory = device.scratch().memory();
        for (int index = 0; index < count; index++) {
            final long at = device.scratch().offset(scratch) + (long) index * bytes;
            final ShardKey key = new ShardKey(ShardEntry.partId(memory, at), ShardEntry.shardIndex(memory, at));
            if (key.partId() <= 0 || key.shardIndex() < 0 || key.compareTo(cursor) <= 0) {
                fail();
                return;
            }
            listedOne(key, ShardEntry.version(memory, at), ShardEntry.isTombstone(memory, at));
            shards.digest(key, copy.hasDigests() ? ShardEntry.digest(memory, at) : 0);
            cursor = key;
        }
        if (call.answeredValue() == 0 || count == 0) {
            asked++;
            cursor = new ShardKey(0, 0);
        }
        list();
    }

    // Comparing.

    private void compare() {
        if (shards.isEmpty()) {
            phase = Phase.TELLING;
            asked = 0;
            tell();
            return;
        }
        final ShardKey shard = shards.first();
        if (asked < 0) {
            isWaiting = true;
            step.askVersions(shard.partId(), shard.shardIndex(), 0, blocks * DataMessage.BLOCK_BYTES);
            device.work().submit(step, Origin.BACKGROUND);
        } else if (asked < others.size()) {
            ask(others.get(asked), DataMessage.COPY_VERSIONS, shard, blocks * Long.BYTES);
        } else {
            device.counters().count(Counter.SHARDS_COMPARED);
            differences.find(runs::add);
            phase = Phase.REWRITING;
            rewrite();
        }
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        isWaiting = false;
        if (isOver()) {
            return;
        }
        if (status != StoreStatus.OK) {
            replica.failedHere();
            fail();
            return;
        }
        for (int block = 0; block < blocks; block++) {
            differences.version(0, block, step.blockVersion(block));
        }
        asked++;
        compare();
    }

    private void compared(ReplicaCall call) {
        if (call.answerPayloadLength() != (long) blocks * Long.BYTES) {
            fail();
            return;
        }
        final long from = device.scratch().offset(scratch);
        for (int block = 0; block < blocks; block++) {
            final long at = from + (long) block * Long.BYTES;
            differences.version(asked + 1, block, device.scratch().memory().get(VersionsOperation.VERSION, at));
        }
        asked++;
        compare();
    }

    // Rewriting.

    private void rewrite() {
        final Differences.Run run = runs.peek();
        if (run == null) {
            next();
            return;
        }
        final ShardKey shard = shards.first();
        final int first = run.firstBlock() * DataMessage.BLOCK_BYTES;
        final int bytes = run.count() * DataMessage.BLOCK_BYTES;
        // Before it begins: it may end before the call returns, when no copy can be asked.
        isWaiting = true;
        final Rewriting what = new Rewriting(replica, shard.partId(), shard.shardIndex(), first, bytes, work(), this);
        final boolean hasBegun = (joining != null && run.given() != 0)
                ? device.work().give(what, joining.slot(), run.given())
                : device.work().rebuild(what, run.sources());
        isWaiting &= hasBegun;
    }

    /// What class of work rewriting is: a take-over, and whatever is done before this primary serves,
    /// clients wait for.
    private @Nullable Background work() {
        if (joining == null || replica.state() != PgState.SERVING) {
            return null;
        }
        int inSync = 1;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            inSync += copy != null && copy.isInSync() ? 1 : 0;
        }
        return inSync < device.copies() ? Background.REPAIR : Background.MIGRATION;
    }

    private void next() {
        shards.next();
        shardsDone++;
        asked = -1;
        phase = Phase.COMPARING;
        compare();
    }

    @Override
    public void changed(AnswerCode code) {
        isWaiting = false;
        if (isOver()) {
            return;
        }
        if (code == AnswerCode.STALE_VERSION) {
            runs.clear();
            asked = -1;
            phase = Phase.COMPARING;
        } else if (code == AnswerCode.CORRUPT && runs.element().given() != 0) {
            runs.addFirst(runs.remove().anew());
        } else if (code == AnswerCode.CORRUPT || code == AnswerCode.IO_ERROR) {
            // The next best content, block by block: what only a corrupt copy has was never acknowledged.
            final Differences.Run run = runs.remove();
            if (joining != null) {
                // What cannot be read here cannot be given to a copy that is to count as good.
                fail();
                return;
            }
            if (run.count() > 1) {
                for (int index = 0; index < run.count(); index++) {
                    runs.add(new Differences.Run(run.firstBlock() + index, 1, run.sources(), run.others(), 0));
                }
            } else if (run.others() != 0) {
                runs.add(new Differences.Run(run.firstBlock(), 1, run.others(), 0, 0));
            }
        } else if (code == AnswerCode.OK) {
            device.counters().count(Counter.RECONCILED);
            final long bytes = (long) runs.remove().count() * DataMessage.BLOCK_BYTES;
            bytesDone += bytes;
            device.counters().add(Counter.RECONCILED_BYTES, bytes);
        } else {
            if (code == AnswerCode.NO_SPACE && joining != null) {
                joining.hasNoSpace();
            }
            fail();
            return;
        }
        // Later: one change may end inside the end of another.
        device.reactor().post(this::goOn);
    }

    private void goOn() {
        if (!isOver()) {
            tick();
        }
    }

    // The end.

    /// Copies that were compared have the same: those that do not know whether that is everything are told.
    private void tell() {
        final int pg = replica.pg();
        for (final Copy copy : others) {
            if (copy.isInSync() && copy.isComplete()) {
                device.completeness().complete(pg);
            }
        }
        final boolean isComplete = device.completeness().isComplete(pg);
        while (asked < others.size()) {
            final Copy copy = others.get(asked);
            if (!copy.peer().takesCompared()) {
                if (!isComplete && !copy.isInSync()) {
                    // It cannot be told that shards are lost, and would take them for empty ones.
                    fail();
                    return;
                }
            } else if (copy.isComplete() != isComplete) {
                tell(copy);
                return;
            }
            asked++;
        }
        over();
        if (joining != null) {
            joining.broughtUpToDate();
            replica.tellCommon(joining);
        }
        replica.reconciled();
    }

    private void tell(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return;
        }
        call.prepare(
                this,
                DataMessage.COMPARED,
                replica.pg(),
                replica.ownEpoch(),
                device.nowNs() + device.settings().callNs());
        ShardRange.range(call.body(), 0, 0, device.completeness().isComplete(replica.pg()) ? 0 : ShardRange.INCOMPLETE);
        ReplicaRequest.order(call.body(), copy.peer().session(), 0);
        isWaiting = copy.isFollowing() && copy.peer().send(call);
        if (!isWaiting) {
            giveBack(call);
            fail();
        }
    }

    private void told(ReplicaCall call) {
        others.get(asked).complete((ShardRange.flags(call.body()) & ShardRange.INCOMPLETE) == 0);
        device.giveCall(call);
        asked++;
        tell();
    }

    // Asking.

    private void ask(Copy copy, int type, ShardKey shard, int answerBytes) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return;
        }
        scratch = device.scratch().take();
        if (scratch == Scratch.NONE) {
            device.giveCall(call);
            return;
        }
        call.prepare(
                this,
                type,
                replica.pg(),
                replica.ownEpoch(),
                device.nowNs() + device.settings().callNs());
        ShardRange.target(call.body(), 0, 0, shard.partId(), shard.shardIndex(), replica.pg(), replica.ownEpoch());
        if (type == DataMessage.COPY_VERSIONS) {
            ShardRange.range(call.body(), 0, blocks * DataMessage.BLOCK_BYTES, 0);
        } else {
            ShardRange.range(call.body(), 0, 0, copy.hasDigests() ? ShardRange.DIGESTS : 0);
        }
        ReplicaRequest.order(call.body(), copy.peer().session(), type == DataMessage.COPY_SHARDS ? from : 0);
        call.incoming().reset(device.scratch().table());
        call.incoming().add(0, device.scratch().offset(scratch), answerBytes);
        isWaiting = copy.isFollowing() && copy.peer().send(call);
        if (!isWaiting) {
            giveBack(call);
            fail();
        }
    }

    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        isWaiting = false;
        if (isOver()) {
            giveBack(call);
            return;
        }
        if (code == AnswerCode.OK) {
            switch (call.type()) {
                case DataMessage.COPY_SHARDS -> listedFrom(call, scratch);
                case DataMessage.COPY_VERSIONS -> comparedFrom(call, scratch);
                default -> told(call);
            }
            return;
        }
        giveBack(call);
        if (code == AnswerCode.IO_ERROR) {
            others.get(asked).failed();
        }
        if (code != AnswerCode.BUSY && code != AnswerCode.NO_LEASE) {
            fail();
        }
    }

    private void listedFrom(ReplicaCall call, int used) {
        listed(call);
        device.scratch().give(used);
        device.giveCall(call);
    }

    private void comparedFrom(ReplicaCall call, int used) {
        compared(call);
        device.scratch().give(used);
        device.giveCall(call);
    }

    private void giveBack(ReplicaCall call) {
        if (call.type() != DataMessage.COMPARED) {
            device.scratch().give(scratch);
            scratch = Scratch.NONE;
        }
        device.giveCall(call);
    }

    private void fail() {
        over();
        replica.reconciliationFailed(joining);
    }

    private void over() {
        phase = Phase.OVER;
        runs.clear();
        shards.forget();
    }

    private boolean isOver() {
        return phase == Phase.OVER || !replica.isCurrent(this);
    }

    /// For people.
    @Override
    public String toString() {
        return (joining == null ? "takes over" : "brings up " + joining) + ", " + phase + ", shards left " + shards
                + ", runs " + runs.size() + (isWaiting ? ", waits" : "");
    }
}
