package io.basalt.simulation;

import io.basalt.block.RegionTable;
import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.meta.service.MetaService;
import io.basalt.placement.ClusterMap;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.DataMessage;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The oracles of repair, asked of a healed cluster in which nothing is damaged.
///
/// **L4**: a node is taken away, some blocks are changed, and it comes back. What is written for it is at most twice
/// what it has missed, whatever the size of the volumes; for each time that it comes back, should it be lost again.
///
/// **Out**: a node stays away. All of its copies are made anew elsewhere, without an operator; then it comes back, and
/// is good for copies again.
final class RepairCheck {
    private static final int BLOCK = DataMessage.BLOCK_BYTES;
    private static final int BLOCKS = DiskStorage.SHARD_BYTES / BLOCK;
    private static final int CHANGES = 12;
    private static final long PAUSE_NS = 1_000_000;
    private static final long PATIENCE_NS = 5_000_000_000L;

    /// What may be written besides: the blocks of a change that was under way.
    private static final long SLACK_BYTES = 4L * BLOCK;

    private final World world;
    private final SimRandom random;
    private final Scenario scenario;
    private final MetaNode meta;
    private final List<StorageNode> nodes;
    private final List<DiskHistory> disks;
    private final int minCopies;
    private final Course course;
    private final RegionTable table;

    private @Nullable StoreStatus status;

    /// What a run can do with the cluster, and wait for.
    interface Course {
        /// Let guests do some operations, and wait until they are done.
        void work(int operations, long pauseNs);

        /// Let guests read everything.
        void readAll();

        /// Wait until every copy is in sync and every placement group served.
        void rest(String message);

        /// Wait for something.
        void require(BooleanSupplier holds, String message);
    }

    /// @param nodes all that there are, at any time
    /// @param disks the volumes that there are
    RepairCheck(
            World world,
            SimRandom random,
            Scenario scenario,
            MetaNode meta,
            List<StorageNode> nodes,
            List<DiskHistory> disks,
            int minCopies,
            Course course) {
        this.world = world;
        this.random = random;
        this.scenario = scenario;
        this.meta = meta;
        this.nodes = nodes;
        this.disks = disks;
        this.minCopies = minCopies;
        this.course = course;
        final MemorySegment memory = world.arena().allocate(BLOCK, BLOCK);
        table = new RegionTable(List.of(memory));
    }

    /// See what a node costs that comes back, and what becomes of one that does not.
    void run() {
        if (isAnythingDamaged()) {
            return;
        }
        // Else a device that has not found the new metaserver yet would be passed over for one that goes just then.
        course.require(this::areAllHeard, "L3: the metaserver does not hear of a device that works");
        if (scenario.strains().outAfterMs() > 0) {
            outlive();
        } else if (scenario.strains().isRepairMeasured()) {
            measure();
        }
    }

    /// Whether every device that works has reported to the metaserver that leads now.
    private boolean areAllHeard() {
        final MetaService service = meta.service();
        return service != null
                && nodes.stream()
                        .filter(StorageNode::isServing)
                        .allMatch(node -> service.report(node.deviceId()) != null);
    }

    private boolean isAnythingDamaged() {
        return scenario.faults().rots() > 0
                || scenario.faults().diskFails()
                || scenario.strains().flips() > 0
                || nodes.stream().anyMatch(StorageNode::isRefused);
    }

    private void measure() {
        final StorageNode away = dispensable(minCopies);
        if (away == null) {
            return;
        }
        final List<long[]> before = versions();
        final long movedBefore = moved(away);
        away.crash(random.chance(50));
        course.work(CHANGES, PAUSE_NS);
        final long dirty = dirtyBytes(before, versions());
        final long returnsBefore = world.coverage().of(Sighting.COPY_RETURNED);
        away.start();
        course.rest("L3: a copy that was away for a moment is not in sync again");
        final long moved = moved(null) - movedBefore;
        world.coverage().saw(Sighting.REPAIR_MEASURED, dirty > 0 ? 1 : 0);
        final long returns = Math.max(1, world.coverage().of(Sighting.COPY_RETURNED) - returnsBefore);
        if (moved > returns * (2 * dirty + SLACK_BYTES)) {
            throw new SimulationFailure("L4: " + moved + " bytes were written for a copy that has missed " + dirty);
        }
        course.readAll();
    }

    private void outlive() {
        final StorageNode away = dispensable(scenario.cluster().copies());
        if (away == null) {
            return;
        }
        world.note(away.host() + " goes and does not come back for long");
        away.crash(random.chance(50));
        course.require(
                () -> isElsewhere(away.deviceId()),
                "L3: the copies of a device that is away for long are not made anew elsewhere");
        world.coverage().saw(Sighting.MADE_ANEW);
        course.readAll();
        away.start();
        course.rest("L3: a device that was out does not come back");
        course.readAll();
    }

    /// A node without which so many others are left for each placement group; null if there is none.
    private @Nullable StorageNode dispensable(int others) {
        final List<StorageNode> good = nodes.stream()
                .filter(each -> each.isServing() && !each.isDrained())
                .toList();
        return good.size() <= Math.max(1, others) ? null : good.get(random.below(good.size()));
    }

    private boolean isElsewhere(int deviceId) {
        final ClusterMap map = meta.map();
        for (int pg = 0; map != null && pg < map.pgCount(); pg++) {
            if (map.pgTable().indexOf(pg, deviceId) >= 0
                    || map.pgTable().inSyncCount(pg) < scenario.cluster().copies()) {
                return false;
            }
        }
        return map != null;
    }

    /// Bytes that nodes have written for other copies, in the lives that they are in.
    ///
    /// @param but a node that is not counted
    private long moved(@Nullable StorageNode but) {
        long sum = 0;
        for (final StorageNode node : nodes) {
            if (node.device() != null && !node.equals(but)) {
                sum += node.device().counters().value(Counter.RECONCILED_BYTES);
            }
        }
        return sum;
    }

    private static long dirtyBytes(List<long[]> before, List<long[]> after) {
        long bytes = 0;
        for (int shard = 0; shard < before.size(); shard++) {
            for (int block = 0; block < BLOCKS; block++) {
                bytes += before.get(shard)[block] == after.get(shard)[block] ? 0 : BLOCK;
            }
        }
        return bytes;
    }

    /// The versions of all blocks of all shards, as their primaries have them.
    private List<long[]> versions() {
        final List<long[]> all = new ArrayList<>();
        final ClusterMap map = Objects.requireNonNull(meta.map());
        for (final DiskHistory disk : disks) {
            for (int shard = 0; shard < disk.shards(); shard++) {
                all.add(versions(primary(map, map.pgOf(disk.partId(), shard)), disk.partId(), shard));
            }
        }
        return all;
    }

    private StorageNode primary(ClusterMap map, int pg) {
        return nodes.stream()
                .filter(each -> each.isServing() && each.deviceId() == map.primaryDevice(pg))
                .findFirst()
                .orElseThrow(() -> new SimulationFailure("L3: the primary of pg " + pg + " is not there"));
    }

    private long[] versions(StorageNode node, long partId, int shard) {
        final var store = Objects.requireNonNull(node.store());
        store.useMemory(table);
        status = null;
        final StoreRequest request = new StoreRequest(1, BLOCKS) {
            @Override
            public void completed(StoreStatus result) {
                status = result;
            }
        };
        request.askVersions(partId, shard, 0, DiskStorage.SHARD_BYTES);
        store.submit(request);
        if (!world.runUntil(() -> status != null, PATIENCE_NS)) {
            throw new SimulationFailure("L1: a look at versions of device " + node.deviceId() + " never ends");
        }
        final long[] versions = new long[BLOCKS];
        for (int block = 0; block < BLOCKS; block++) {
            versions[block] = request.blockVersion(block);
        }
        return versions;
    }
}
