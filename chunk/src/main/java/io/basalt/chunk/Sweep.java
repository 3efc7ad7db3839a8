package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Origin;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.store.chunk.StoreOperation;
import io.basalt.store.chunk.StoreStatus;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// A walk through all shards of a device, again and again, that gives back what nobody needs any more:
///
/// * **tombstones** that every copy of their placement group has ([Settling]); when hardly any metadata
///   entry is left, also the others, since the next writes need entries more than copies need tombstones:
///   what they guard against is a second fault;
/// * **shards of deleted volumes**. Which parts are gone is asked for at the end of each walk
///   ([Membership#partsHeld]) and never kept: a process that begins anew asks again;
/// * **shards of placement groups that have left** this device, once all their copies elsewhere are in sync.
///
/// All are idempotent, and each device does its own share by itself. Bounded: few entries are looked at, and few
/// shards freed, at each tick. Control plane; one owner reactor.
///
/// ```
///  RESTING ── sweepNs, or need to ──▶ WALKING ── after the last entry ──▶ RESTING
/// ```
final class Sweep implements StoreStep.Owner {
    /// Shards that are being freed at once, and so most in one tick.
    static final int FREED_MAX = 32;

    /// Entries looked at in one tick.
    private static final int ENTRIES_MAX = 1024;

    /// Fewer free entries than this part of all count as short.
    private static final int SHORT_PART = 16;

    private final ChunkDevice device;
    private final Pool<StoreStep> steps;
    private final Set<Long> deleted = new HashSet<>();
    private final SortedSet<Long> held = new TreeSet<>();
    private final StoreStep[] toFree = new StoreStep[FREED_MAX];
    private int freeing;
    private long lastPart;
    private boolean walking;
    private boolean again;
    private boolean isShort;
    private int from;
    private long nextWalkNs;

    Sweep(ChunkDevice device) {
        this.device = device;
        steps = new Pool<>(FREED_MAX, () -> new StoreStep(this, 1));
        nextWalkNs = device.nowNs() + device.settings().sweepNs();
    }

    /// Whether a part was deleted with its volume.
    boolean isDeleted(long partId) {
        return deleted.contains(partId);
    }

    /// Some parts are gone for good.
    void deleted(long[] partIds) {
        boolean isNew = false;
        for (final long partId : partIds) {
            isNew |= deleted.add(partId);
        }
        if (isNew) {
            soon();
        }
    }

    /// Walk soon: now, and once more if a walk is under way, which may have passed what it is about.
    void soon() {
        again = walking;
        nextWalkNs = device.nowNs();
    }

    boolean isIdle() {
        return steps.isWhole();
    }

    /// Go on by a few entries, if there is a walk to do.
    void tick(long nowNs) {
        if (!device.isOpen()) {
            return;
        }
        isShort = areEntriesShort();
        if (!walking) {
            if (nowNs - nextWalkNs < 0 && !isShort) {
                return;
            }
            begin();
        }
        int looked = 0;
        while (walking && looked < ENTRIES_MAX && steps.isWhole()) {
            walk();
            looked += FREED_MAX;
        }
    }

    private void begin() {
        walking = true;
        again = false;
        from = 0;
        held.clear();
        lastPart = 0;
    }

    /// Whether hardly any entry is left, and there are tombstones that could give theirs.
    private boolean areEntriesShort() {
        final StoreCapacity capacity = device.store().capacity();
        return capacity.tombstones() > 0
                && capacity.shardsTotal() - capacity.shards() <= capacity.shardsTotal() / SHORT_PART;
    }

    /// Look at as many entries as can be freed at once.
    private void walk() {
        from = device.store().visitShards(from, FREED_MAX, this::look);
        for (int index = 0; index < freeing; index++) {
            device.work().submit(toFree[index], Origin.BACKGROUND);
        }
        freeing = 0;
        if (from == 0) {
            walking = false;
            nextWalkNs =
                    again ? device.nowNs() : device.nowNs() + device.settings().sweepNs();
            deleted.retainAll(held);
            final long[] parts = held.stream().mapToLong(Long::longValue).toArray();
            device.membership().partsHeld(device.deviceId(), parts);
        }
    }

    private void look(long partId, int shardIndex, long version, boolean tombstone) {
        if (partId != lastPart) {
            lastPart = partId;
            held.add(partId);
        }
        if (deleted.contains(partId) || device.isElsewhere(device.pgOf(partId, shardIndex))) {
            step().askDrop(partId, shardIndex);
        } else if (tombstone && mayForget(partId, shardIndex, version)) {
            step().askForget(partId, shardIndex, version);
        }
    }

    private boolean mayForget(long partId, int shardIndex, long version) {
        final PgReplica replica = device.replicaOf(device.pgOf(partId, shardIndex));
        if (replica != null && version < replica.settledBelow()) {
            return true;
        }
        if (isShort && replica != null) {
            replica.forgetsDeletion();
        }
        return isShort;
    }

    /// A step to be submitted when the store has told all: it must not be asked while it tells.
    private StoreStep step() {
        final StoreStep step = Objects.requireNonNull(steps.take());
        toFree[freeing++] = step;
        return step;
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        if (status == StoreStatus.OK) {
            final boolean drop = done.operation() == StoreOperation.DROP;
            device.counters().count(drop ? Counter.SHARDS_FREED : Counter.TOMBSTONES_FORGOTTEN);
        }
        steps.give(done);
    }
}
