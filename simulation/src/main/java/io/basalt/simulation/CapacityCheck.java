package io.basalt.simulation;

import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.Capacity;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.Device;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.wire.meta.DeviceReport;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The oracle of space (S16 for disks): nothing is lost between the shards that a store knows, the slots it
/// has given out and those that are free, and what the metaserver believes is what the stores have.
///
/// To be asked again and again while a healed cluster comes to rest: reports travel, and slots that were given back
/// become free with the next checkpoint.
final class CapacityCheck {
    /// The metaserver records use when it has changed by more than this share of the capacity.
    private static final int USAGE_STEPS = 128;

    private final List<StorageNode> nodes;
    private final @Nullable StorageNode damaged;
    private final @Nullable StorageNode failed;
    private final MetaNode meta;
    private final List<DiskHistory> disks;

    /// @param damaged a node whose disk was damaged: a shard with a block that cannot be read stays spread over
    ///     two slots
    ///     until the block is written again; null for none
    /// @param failed a node whose disk has failed for good; null for none
    CapacityCheck(
            List<StorageNode> nodes,
            @Nullable StorageNode damaged,
            @Nullable StorageNode failed,
            MetaNode meta,
            List<DiskHistory> disks) {
        this.failed = failed;
        this.nodes = nodes;
        this.damaged = damaged;
        this.meta = meta;
        this.disks = disks;
    }

    /// What is not as it must be, null if everything is.
    @Nullable
    String violation() {
        for (final StorageNode node : nodes) {
            // A store whose disk has failed stands still as it was.
            if (node.isServing() && node != failed) {
                final String wrong = ofStore(node);
                if (wrong != null) {
                    return node.host() + ": " + wrong;
                }
            }
        }
        return ofMeta();
    }

    /// What the shards of a deleted part still take, null if nothing.
    @Nullable
    String leftOver(long deletedPart) {
        for (final StorageNode node : nodes) {
            final int[] left = {0};
            if (node.isServing() && node != failed) {
                node.storeOf().forEachShard((partId, shardIndex, version, empty) -> {
                    left[0] += partId == deletedPart ? 1 : 0;
                });
            }
            if (left[0] > 0) {
                return node.host() + " still has " + left[0] + " shards of part " + deletedPart;
            }
        }
        return null;
    }

    /// What shards that were discarded as a whole still take, null if nothing.
    @Nullable
    String leftOver() {
        for (final StorageNode node : nodes) {
            // Whoever has no copies any more is not told of discards.
            if (node.isServing() && node != failed && !node.isDrained()) {
                final StoreCapacity capacity = node.storeOf().capacity();
                final boolean remembers = failed == null && !someoneIsLost() && shardCount(node) > 0;
                // Whose it was may be what is damaged.
                final int lost = node == damaged ? capacity.slotsReserved() : 0;
                if (remembers || capacity.slotsUsed() > lost || capacity.blocksMapped() > 0) {
                    return node.host() + ": everything was discarded, " + capacity;
                }
            }
        }
        return null;
    }

    private static int shardCount(StorageNode node) {
        final int[] count = {0};
        node.storeOf().forEachShard((partId, shardIndex, version, empty) -> count[0]++);
        return count[0];
    }

    /// As long as a copy is away, it has to be remembered what was discarded.
    private boolean someoneIsLost() {
        return nodes.stream().anyMatch(StorageNode::isRefused);
    }

    private @Nullable String ofStore(StorageNode node) {
        final StoreCapacity capacity = node.storeOf().capacity();
        final int[] withContent = {0};
        final int[] all = {0};
        node.storeOf().forEachShard((partId, shardIndex, version, empty) -> {
            all[0]++;
            withContent[0] += empty ? 0 : 1;
        });
        // What was given back is counted until no recovery can need it.
        if (all[0] > capacity.shards()) {
            return "has " + all[0] + " shards, counts " + capacity;
        }
        final int second = capacity.slotsUsed() - withContent[0];
        if (second < 0 || second > (node == damaged ? capacity.slotsReserved() : 0)) {
            return withContent[0] + " shards have content, " + capacity;
        }
        return null;
    }

    private @Nullable String ofMeta() {
        final MetaService service = meta.service();
        final SetRecord set = meta.set();
        if (service == null || set == null) {
            return "no metaserver leads";
        }
        final long provisioned =
                disks.stream().mapToLong(DiskHistory::sizeBytes).sum();
        if (set.provisionedBytes() != provisioned || set.volumeCount() != disks.size()) {
            return "volumes of " + provisioned + " bytes, the metaserver counts " + set.provisionedBytes();
        }
        long raw = 0;
        long used = 0;
        long slack = 0;
        for (final Device place : set.map().devices()) {
            final StorageNode node = node(place.id());
            if (!node.isServing()) {
                return null;
            }
            final StoreCapacity capacity = node.storeOf().capacity();
            final DeviceReport report = service.report(place.id());
            if (report == null
                    || report.usedBytes() != capacity.usedBytes()
                    || report.capacityBytes() != capacity.totalBytes()) {
                return "device " + place.id() + " has " + capacity + ", the metaserver has heard " + report;
            }
            if (node.isDrained()) {
                continue;
            }
            raw += capacity.totalBytes();
            used += capacity.usedBytes();
            slack += capacity.totalBytes() / USAGE_STEPS;
        }
        final Capacity believed = service.state().capacity(set);
        if (believed.rawBytes() != raw
                || Math.abs(believed.usedBytes() - used) > slack
                || service.usedBytes(set) != used) {
            return "stores have " + raw + " bytes, " + used + " in use; the metaserver believes " + believed;
        }
        return null;
    }

    private StorageNode node(int deviceId) {
        return Objects.requireNonNull(nodes.stream()
                .filter(each -> each.deviceId() == deviceId)
                .findFirst()
                .orElse(null));
    }
}
