package io.basalt.simulation;

import io.basalt.block.RegionTable;
import io.basalt.placement.ClusterMap;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.Versions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The oracle of the healed cluster: every in-sync copy of every block has the same content and version,
/// whole by its checksum; only a block that was damaged on purpose may be unreadable, on that disk alone
/// (RELIABILITY L2, S18).
final class CopyCheck {
    private static final int BLOCK = DataMessage.BLOCK_BYTES;
    private static final int BLOCKS = DiskStorage.SHARD_BYTES / BLOCK;
    private static final long PATIENCE_NS = 5_000_000_000L;

    private final World world;
    private final List<StorageNode> nodes;
    private final MetaNode meta;
    private final DiskHistory disk;
    private final boolean isScrubbed;
    private final MemorySegment memory;
    private final RegionTable table;

    private @Nullable StoreStatus status;

    /// The map that is looked at: copies may move while others are compared.
    private ClusterMap map;

    /// @param isScrubbed whether what was damaged has to be repaired by now
    CopyCheck(World world, List<StorageNode> nodes, MetaNode meta, DiskHistory disk, boolean isScrubbed) {
        this.isScrubbed = isScrubbed;
        this.world = world;
        this.nodes = nodes;
        this.meta = meta;
        map = newest();
        this.disk = disk;
        memory = world.arena().allocate(2L * BLOCK, BLOCK);
        table = new RegionTable(List.of(memory));
    }

    void run() {
        for (final StorageNode node : nodes) {
            if (node.store() != null) {
                node.store().useMemory(table);
            }
        }
        for (int shard = 0; shard < disk.shards(); shard++) {
            for (int block = 0; block < BLOCKS; block++) {
                compareWhereTheyAre(shard, block);
            }
        }
    }

    private ClusterMap newest() {
        return Objects.requireNonNull(meta.map());
    }

    /// A copy that has left its placement group while it was read is free to forget what it had.
    private void compareWhereTheyAre(int shard, int block) {
        map = newest();
        final int pg = map.pgOf(disk.partId(), shard);
        try {
            compare(pg, shard, block);
        } catch (SimulationFailure failure) {
            if (newest().epoch(pg) == map.epoch(pg)) {
                throw failure;
            }
            compareWhereTheyAre(shard, block);
        }
    }

    private void compare(int pg, int shard, int block) {
        boolean isFirst = true;
        int good = 0;
        for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
            if (!map.inSync(pg, index)) {
                continue;
            }
            final StorageNode node = node(map.replica(pg, index));
            final StoreStatus read = read(node, shard, block, isFirst ? 0 : BLOCK);
            if (!isScrubbed && (read == StoreStatus.CORRUPT || read == StoreStatus.IO_ERROR)) {
                continue;
            }
            if (read != StoreStatus.OK) {
                throw new SimulationFailure("L2: device " + node.deviceId() + " answers " + read + " for shard " + shard
                        + " block " + block);
            }
            good++;
            if (!isFirst && memory.asSlice(0, BLOCK).mismatch(memory.asSlice(BLOCK, BLOCK)) >= 0) {
                throw new SimulationFailure("L2: copies of shard " + shard + " block " + block + " of pg " + pg
                        + " differ:" + describe(pg, shard, block));
            }
            isFirst = false;
        }
        if (good == 0) {
            throw new SimulationFailure("S18: no copy of shard " + shard + " block " + block + " is whole");
        }
    }

    /// What each copy has: version, and the number of the write that its first sector is of.
    private String describe(int pg, int shard, int block) {
        final StringBuilder text = new StringBuilder();
        for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
            final StorageNode node = node(map.replica(pg, index));
            final StoreStatus read = read(node, shard, block, 0);
            status = null;
            final StoreRequest versions = request();
            versions.askVersions(disk.partId(), shard, block * BLOCK, BLOCK);
            Objects.requireNonNull(node.store()).submit(versions);
            world.runUntil(() -> status != null, PATIENCE_NS);
            text.append(" device ").append(node.deviceId()).append(map.inSync(pg, index) ? "" : " (not in sync)");
            text.append(' ').append(read).append(" version ").append(Versions.epoch(versions.blockVersion(0)));
            text.append('/').append(Versions.counter(versions.blockVersion(0)));
            text.append(" stamp ")
                    .append(Long.toHexString(memory.get(ValueLayout.JAVA_LONG, 0)))
                    .append(';');
        }
        return text.toString();
    }

    private StoreRequest request() {
        return new StoreRequest(1, 1) {
            @Override
            public void completed(StoreStatus result) {
                status = result;
            }
        };
    }

    private StorageNode node(int deviceId) {
        for (final StorageNode node : nodes) {
            if (node.deviceId() == deviceId) {
                return node;
            }
        }
        throw new SimulationFailure("L3: nobody is device " + deviceId);
    }

    private StoreStatus read(StorageNode node, int shard, int block, long to) {
        final var store = node.store();
        if (store == null) {
            throw new SimulationFailure("L3: device " + node.deviceId() + " is not open");
        }
        status = null;
        final StoreRequest request = request();
        request.askRead(disk.partId(), shard, block * BLOCK, BLOCK);
        request.data().reset(table);
        request.data().add(0, to, BLOCK);
        store.submit(request);
        if (!world.runUntil(() -> status != null, PATIENCE_NS) || status == null) {
            throw new SimulationFailure("L1: a read of device " + node.deviceId() + " never ends");
        }
        return status;
    }
}
