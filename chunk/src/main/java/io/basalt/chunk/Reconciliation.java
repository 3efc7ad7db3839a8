package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.store.chunk.StoreOperation;
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
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The comparison of copies, shard by shard and block by block, and the rewriting of what differs. Control plane.
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
        OVER
    }

    /// A run of blocks to be written anew.
    ///
    /// @param sources bits of the copies that have the content
    /// @param others bits of the copies that have an older one
    /// @param given version that all blocks have here and that the joining copy gets them with; 0 to write anew
    private record Run(int firstBlock, int count, int sources, int others, long given) {
        Run anew() {
            return new Run(firstBlock, count, sources, others, 0);
        }
    }

    private static final int RUN_BLOCKS_MAX = DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES;

    private final PgReplica replica;
    private final ChunkDevice device;

    private final @Nullable Copy joining;

    /// Shards that were changed last before this version are the same on all.
    private final long from;

    private final List<Copy> others = new ArrayList<>();
    private final int blocks;
    private final StoreStep step;
    private final long[][] versions;
    private final ArrayDeque<Run> runs = new ArrayDeque<>();
    private final NavigableSet<ShardKey> shards = new TreeSet<>();

    private Phase phase = Phase.SETTLING;
    private ShardKey cursor = new ShardKey(0, 0);
    private int asked;
    private int scratch = Scratch.NONE;
    private boolean isWaiting;

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
        versions = new long[others.size() + 1][blocks];
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
            case OVER -> {}
        }
    }

    // Listing.

    private void list() {
        if (asked == others.size()) {
            replica.listed();
            asked = -1;
            phase = Phase.COMPARING;
            if (joining != null || device.rules().mustReconcile()) {
                compare();
            } else {
                over();
                replica.reconciled();
            }
            return;
        }
        ask(others.get(asked), DataMessage.COPY_SHARDS, cursor, ShardListing.COUNT_MAX * ShardEntry.BYTES);
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
        if (count < 0
                || count > ShardListing.COUNT_MAX
                || call.answerPayloadLength() != (long) count * ShardEntry.BYTES) {
            fail();
            return;
        }
        final MemorySegment memory = device.scratch().memory();
        for (int index = 0; index < count; index++) {
            final long at = device.scratch().offset(scratch) + (long) index * ShardEntry.BYTES;
            final ShardKey key = new ShardKey(ShardEntry.partId(memory, at), ShardEntry.shardIndex(memory, at));
            if (key.partId() <= 0 || key.shardIndex() < 0 || key.compareTo(cursor) <= 0) {
                fail();
                return;
            }
            listedOne(key, ShardEntry.version(memory, at), ShardEntry.isTombstone(memory, at));
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
            over();
            if (joining != null) {
                joining.broughtUpToDate();
            }
            replica.reconciled();
            return;
        }
        final ShardKey shard = shards.first();
        if (asked < 0) {
            isWaiting = true;
            step.askVersions(shard.partId(), shard.shardIndex(), 0, blocks * DataMessage.BLOCK_BYTES);
            device.store().submit(step);
        } else if (asked < others.size()) {
            ask(others.get(asked), DataMessage.COPY_VERSIONS, shard, blocks * Long.BYTES);
        } else {
            device.counters().count(Counter.SHARDS_COMPARED);
            findDifferences();
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
        if (status == StoreStatus.CORRUPT && step.operation() == StoreOperation.VERSIONS) {
            if (joining != null) {
                // Clients may read this copy, and it is the one that counts: it must not become an empty one.
                replica.failedHere();
                fail();
                return;
            }
            if (others.isEmpty()) {
                // The last good copy: what is lost stays unreadable instead of being read as zeros.
                next();
                return;
            }
            isWaiting = true;
            step.askDrop(step.partId(), step.shardIndex());
            device.store().submit(step);
            return;
        }
        if (status != StoreStatus.OK) {
            replica.failedHere();
            fail();
            return;
        }
        for (int block = 0; block < blocks; block++) {
            versions[0][block] = step.operation() == StoreOperation.DROP ? 0 : step.blockVersion(block);
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
            versions[asked + 1][block] =
                    device.scratch().memory().get(VersionsOperation.VERSION, from + (long) block * Long.BYTES);
        }
        asked++;
        compare();
    }

    private void findDifferences() {
        int block = 0;
        while (block < blocks) {
            final int sources = sources(block);
            final long given = given(block);
            int end = block + 1;
            while (end < blocks && end - block < RUN_BLOCKS_MAX && sources(end) == sources && given(end) == given) {
                end++;
            }
            if (sources != 0) {
                runs.add(new Run(block, end - block, sources, all() & ~sources, given));
            }
            block = end;
        }
    }

    /// The version to give a block with to the joining copy; 0 if it has a newer one, which must be superseded.
    private long given(int block) {
        final boolean isOlder = joining != null && !joining.isInSync() && versions[1][block] < versions[0][block];
        return isOlder ? versions[0][block] : 0;
    }

    /// The copies that have the right content of a block, as bits; 0 if all have.
    private int sources(int block) {
        long newest = versions[0][block];
        boolean differ = false;
        for (final long[] each : versions) {
            differ |= each[block] != newest;
        }
        if (!differ) {
            return 0;
        }
        if (joining != null) {
            return trusted();
        }
        for (final long[] each : versions) {
            newest = Math.max(newest, each[block]);
        }
        int sources = versions[0][block] == newest ? Sources.SELF : 0;
        for (int index = 0; index < others.size(); index++) {
            if (versions[index + 1][block] == newest) {
                sources |= 1 << others.get(index).slot();
            }
        }
        return sources;
    }

    /// The copies that are right when one is compared, as bits.
    private int trusted() {
        int trusted = Sources.SELF;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isVerified()) {
                trusted |= 1 << slot;
            }
        }
        return trusted;
    }

    private int all() {
        int all = Sources.SELF;
        for (final Copy copy : others) {
            all |= 1 << copy.slot();
        }
        return all;
    }

    // Rewriting.

    private void rewrite() {
        final Run run = runs.peek();
        if (run == null) {
            next();
            return;
        }
        if (joining != null
                && !device.repairBudget().take((long) run.count * DataMessage.BLOCK_BYTES, device.nowNs())) {
            return;
        }
        final ShardKey shard = shards.first();
        final int first = run.firstBlock * DataMessage.BLOCK_BYTES;
        final int bytes = run.count * DataMessage.BLOCK_BYTES;
        isWaiting = (joining != null && run.given != 0)
                ? device.give(
                        replica, shard.partId(), shard.shardIndex(), first, bytes, joining.slot(), run.given, this)
                : device.rebuild(replica, shard.partId(), shard.shardIndex(), first, bytes, run.sources, this);
    }

    private void next() {
        shards.pollFirst();
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
        } else if (code == AnswerCode.CORRUPT && runs.element().given != 0) {
            runs.addFirst(runs.remove().anew());
        } else if (code == AnswerCode.CORRUPT || code == AnswerCode.IO_ERROR) {
            // The next best content, block by block: what only a corrupt copy has was never acknowledged.
            final Run run = runs.remove();
            if (joining != null) {
                // What cannot be read here cannot be given to a copy that is to count as good.
                fail();
                return;
            }
            if (run.count > 1) {
                for (int index = 0; index < run.count; index++) {
                    runs.add(new Run(run.firstBlock + index, 1, run.sources, run.others, 0));
                }
            } else if (run.others != 0) {
                runs.add(new Run(run.firstBlock, 1, run.others, 0, 0));
            }
        } else if (code == AnswerCode.OK) {
            device.counters().count(Counter.RECONCILED);
            device.counters().add(Counter.RECONCILED_BYTES, (long) runs.remove().count * DataMessage.BLOCK_BYTES);
        } else {
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
        ShardRange.range(call.body(), 0, type == DataMessage.COPY_VERSIONS ? blocks * DataMessage.BLOCK_BYTES : 0, 0);
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
            final boolean lists = call.type() == DataMessage.COPY_SHARDS;
            final int used = scratch;
            if (lists) {
                listedFrom(call, used);
            } else {
                comparedFrom(call, used);
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
        device.scratch().give(scratch);
        scratch = Scratch.NONE;
        device.giveCall(call);
    }

    private void fail() {
        over();
        replica.reconciliationFailed(joining);
    }

    private void over() {
        phase = Phase.OVER;
        runs.clear();
        shards.clear();
    }

    private boolean isOver() {
        return phase == Phase.OVER || !replica.isCurrent(this);
    }

    /// For people.
    @Override
    public String toString() {
        return (joining == null ? "takes over" : "brings up " + joining) + ", " + phase + ", shards left "
                + shards.size() + ", runs " + runs.size() + (isWaiting ? ", waits" : "");
    }
}
