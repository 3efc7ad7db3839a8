package io.basalt.simulation;

import io.basalt.meta.log.MemoryLog;
import io.basalt.meta.service.MetaService;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.meta.service.ResultListener;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.SetRecord;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.placement.ClusterMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The metaserver: a process that begins, crashes and begins again on what its log has kept.
final class MetaNode {
    static final String HOST = "meta";
    static final NodeAddress ADDRESS = new NodeAddress(HOST, 7701);

    /// Noon, on the day that every simulation happens.
    private static final long WALL_MS = 1_767_268_800_000L;

    private final World world;
    private final SimRandom random;
    private final MetaServiceOptions options;
    private final MemoryLog.Storage storage = new MemoryLog.Storage();
    private final long commitNs;
    private final int snapshotEntries;

    private @Nullable SimProcess process;

    private @Nullable MemoryLog log;

    private @Nullable MetaService service;

    private @Nullable SimReactor reactor;

    MetaNode(World world, SimRandom random, MetaServiceOptions options) {
        this.world = world;
        this.random = random;
        this.options = options;
        commitNs = random.between(50_000, 4_000_000);
        snapshotEntries = random.chance(50) ? 1 + random.below(40) : 0;
    }

    boolean isRunning() {
        return process != null;
    }

    /// The service of the process that runs and leads; null while there is none.
    @Nullable
    MetaService service() {
        final MetaService present = service;
        return present != null && present.leads() ? present : null;
    }

    /// The set that there is, null as long as it is not known.
    @Nullable
    SetRecord set() {
        final MetaService present = service();
        return present == null || present.state().sets().isEmpty()
                ? null
                : present.state().sets().iterator().next();
    }

    /// The newest map, null while no metaserver runs.
    @Nullable
    ClusterMap map() {
        final SetRecord set = set();
        return set == null ? null : set.map();
    }

    /// Begin a process.
    void start() {
        assert process == null;
        world.note("the metaserver starts, " + storage.lastIndex() + " entries");
        final SimProcess made = new SimProcess(world, HOST);
        final SimReactor on = made.reactor("meta");
        final SimEndpoint network = made.controlNetwork(on, PeerIdentity.Role.META);
        final MemoryLog opened = new MemoryLog(on.reactor(), storage, commitNs, snapshotEntries);
        final MetaService begun = new MetaService(
                on.reactor(), network, opened, options, random, () -> WALL_MS + world.nowNs() / 1_000_000);
        process = made;
        reactor = on;
        log = opened;
        service = begun;
        on.reactor()
                .post(() -> begun.start(
                        ADDRESS,
                        () -> world.note("the metaserver leads"),
                        reason -> world.note("the metaserver stands still: " + reason)));
    }

    /// End the process, at this very moment. Of the entries that were being appended, some may be in the log.
    void crash(boolean silent) {
        final SimProcess last = process;
        if (last == null) {
            return;
        }
        final MemoryLog open = Objects.requireNonNull(log);
        final int kept = random.below(open.pending() + 1);
        world.note("the metaserver " + (silent ? "loses power" : "is killed") + ", " + kept + " of " + open.pending()
                + " entries stay");
        world.coverage().saw(Sighting.UNCERTAIN_WISH, kept);
        last.end(silent);
        open.crash(kept);
        process = null;
        reactor = null;
        log = null;
        service = null;
    }

    /// Cease to lead, and lead again a while later. Of the entries that were being appended, some are committed.
    void depose(long forNs) {
        final SimReactor at = reactor;
        final MemoryLog open = log;
        if (at == null || open == null) {
            return;
        }
        at.reactor().post(() -> {
            final int kept = random.below(open.pending() + 1);
            world.note("the metaserver ceases to lead, " + kept + " of " + open.pending() + " entries stay");
            world.coverage().saw(Sighting.UNCERTAIN_WISH, kept);
            world.coverage().saw(Sighting.LEADER_CHANGE);
            open.depose(kept, forNs);
        });
    }

    /// Let the process not run for a while.
    void pause(long untilNs) {
        if (process != null) {
            process.pause(untilNs);
        }
    }

    /// Propose a command, as an operator would. Nothing is heard if no metaserver runs, or it dies.
    void propose(MetaCommand command, ResultListener done) {
        final SimReactor at = reactor;
        final MetaService to = service;
        if (at != null && to != null) {
            at.reactor().post(() -> to.propose(command, done));
        }
    }
}
