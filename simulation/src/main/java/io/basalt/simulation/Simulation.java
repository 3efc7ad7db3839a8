package io.basalt.simulation;

import io.basalt.chunk.ReplicationRules;
import io.basalt.net.sim.SimFaults;
import io.basalt.placement.ClusterMap;
import io.basalt.simulation.check.VolumeHistory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// One run of one seed: a cluster under load and faults (safety), then healed, when everything has to come to
/// its end and
/// all copies to the same content (liveness).
public final class Simulation {
    private static final long SAFETY_NS = 4_000_000_000L;
    private static final long LIVENESS_NS = 20_000_000_000L;
    private static final SimClient.Part PART = new SimClient.Part(7, 3, 0, 0);

    private final SimRandom random;
    private final Scenario scenario;
    private final World world;
    private final StandInMeta meta;
    private final VolumeHistory history = new VolumeHistory();
    private final List<StorageNode> nodes = new ArrayList<>();
    private final List<SimClient> clients = new ArrayList<>();
    private final Map<Long, Integer> primaries = new HashMap<>();
    private final SimRandom nemesis;
    private final int unlucky;
    private final SimClient.Part part;
    private long newestGeneration;
    private boolean isHealed;

    /// How a run ended.
    ///
    /// @param seed of the run
    /// @param failure the rule that was broken, null if none
    /// @param traceHash of everything that happened
    /// @param events noted
    /// @param operations that clients finished
    /// @param simulatedNs virtual time that passed
    /// @param lastEvents what happened last, for people
    public record Result(
            long seed,
            @Nullable String failure,
            long traceHash,
            long events,
            long operations,
            long simulatedNs,
            List<String> lastEvents) {}

    /// Makes the disks of a run.
    @FunctionalInterface
    interface StorageFactory {
        SimStorage make(World world, SimRandom random, int deviceId, Scenario scenario);
    }

    private Simulation(long seed, ReplicationRules rules, UnaryOperator<Scenario> emphasis, StorageFactory disks) {
        random = new SimRandom(seed);
        scenario = emphasis.apply(Scenario.of(random));
        world = new World(random, scenario.faults());
        meta = new StandInMeta(world, random.fork("meta"), scenario.pgs(), scenario.copies(), scenario.devices());
        nemesis = random.fork("nemesis");
        unlucky = 1 + nemesis.below(scenario.devices());
        part = new SimClient.Part(PART.volumeId(), PART.partId(), scenario.shards(), 16);
        for (int id = 1; id <= scenario.devices(); id++) {
            final SimStorage storage = disks.make(world, random.fork("disk" + id), id, scenario);
            nodes.add(new StorageNode(world, meta, storage, id, rules, scenario.settings(), this::serves));
        }
    }

    /// Run a seed with the right rules.
    public static Result run(long seed) {
        return run(seed, ReplicationRules.STANDARD);
    }

    /// Run a seed.
    ///
    /// @param rules wrong ones show that the oracles notice
    public static Result run(long seed, ReplicationRules rules) {
        return run(seed, rules, UnaryOperator.identity());
    }

    /// Run a seed of another kind of scenario.
    static Result run(long seed, ReplicationRules rules, UnaryOperator<Scenario> emphasis) {
        final Simulation simulation = new Simulation(seed, rules, emphasis, DiskStorage::make);
        try (World world = simulation.world) {
            String failure = null;
            try {
                simulation.safety();
                simulation.liveness();
            } catch (SimulationFailure | AssertionError | IllegalStateException e) {
                failure = describe(e);
                simulation.noteStates();
            }
            long operations = 0;
            for (final SimClient client : simulation.clients) {
                operations += client.done();
            }
            return new Result(
                    seed,
                    failure,
                    world.trace().hash(),
                    world.trace().count(),
                    operations,
                    world.nowNs(),
                    world.trace().last());
        }
    }

    private void noteStates() {
        for (final StorageNode node : nodes) {
            if (node.device() != null) {
                world.note(node.device().describe());
            }
        }
    }

    private static String describe(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof SimulationFailure) {
                return String.valueOf(at.getMessage());
            }
        }
        return stack(failure);
    }

    private static String stack(Throwable failure) {
        final StringBuilder text = new StringBuilder(failure.toString());
        Throwable at = failure;
        while (at != null) {
            text.append("\n  ").append(at);
            for (final StackTraceElement element : at.getStackTrace()) {
                text.append("\n    at ").append(element);
            }
            at = at.getCause();
        }
        return text.toString();
    }

    // Safety.

    private void safety() {
        world.note("scenario " + scenario);
        nodes.forEach(StorageNode::start);
        meta.attach(part.volumeId(), this::attached);
        planFaults();
        world.runUntil(() -> allAttached() && newest() != null && newest().isIdle(), SAFETY_NS);
        if (scenario.allPowerCut()) {
            nodes.forEach(node -> node.crash(true));
            nodes.forEach(node -> startLater(node, 1_000_000));
        }
    }

    private void attached(long generation) {
        if (generation < newestGeneration) {
            // A later wish has overtaken this one: it is void.
            return;
        }
        newestGeneration = generation;
        clients.forEach(SimClient::superseded);
        world.note("generation " + generation + " is granted");
        final SimClient client = new SimClient(
                world,
                random.fork("client" + generation),
                meta,
                history,
                part,
                "gate" + generation,
                generation,
                scenario.mix(),
                scenario.depth());
        clients.add(client);
        client.work(scenario.operations() / (1 + scenario.attaches()), scenario.pauseNs());
    }

    private @Nullable SimClient newest() {
        return clients.isEmpty() ? null : clients.getLast();
    }

    private void planFaults() {
        plan(scenario.disconnects(), () -> {
            final int one = nemesis.below(nodes.size());
            final String other = nemesis.chance(50) && !clients.isEmpty()
                    ? "gate" + clients.size()
                    : nodes.get(nemesis.below(nodes.size())).host();
            world.note("connections break: " + nodes.get(one).host() + ", " + other);
            world.network().disconnect(nodes.get(one).host(), other);
        });
        plan(scenario.kills(), () -> crash(nodes.get(nemesis.below(nodes.size())), false));
        plan(scenario.powerCuts(), () -> crash(nodes.get(nemesis.below(nodes.size())), true));
        plan(scenario.rots(), () -> {
            world.note("device " + unlucky + " rots");
            nodes.get(unlucky - 1).storage().rot(nemesis);
        });
        plan(scenario.moves(), () -> meta.movePrimary(nemesis.below(scenario.pgs())));
        plan(scenario.attaches(), () -> {
            if (scenario.clientsDie() && newest() != null) {
                newest().crash();
            }
            meta.attach(part.volumeId(), this::attached);
        });
        plan(scenario.isolations(), () -> {
            final int primary = meta.map().primaryDevice(0);
            final int any = 1 + nemesis.below(nodes.size());
            isolate(nodes.get((nemesis.chance(50) && primary != 0 ? primary : any) - 1));
        });
        if (scenario.diskFails()) {
            plan(1, () -> {
                world.note("device " + unlucky + " fails");
                nodes.get(unlucky - 1).storage().fail();
            });
        }
    }

    private void plan(int times, Runnable fault) {
        for (int time = 0; time < times; time++) {
            world.after(nemesis.between(30_000_000, SAFETY_NS * 3 / 8), fault);
        }
    }

    private void crash(StorageNode node, boolean isPowerCut) {
        if (node.isRunning() && !isHealed) {
            node.crash(isPowerCut);
            startLater(node, nemesis.between(1_000_000, 800_000_000));
        }
    }

    private void isolate(StorageNode node) {
        final long forNs = nemesis.between(100_000_000, 1_500_000_000);
        world.note("device " + node.deviceId() + " is cut off");
        meta.cutOff(node, world.nowNs() + forNs);
        for (final StorageNode other : nodes) {
            if (other.deviceId() != node.deviceId()) {
                world.network().partition(node.host(), other.host(), true);
                world.network().partition(other.host(), node.host(), true);
                world.after(forNs, () -> {
                    world.network().partition(node.host(), other.host(), false);
                    world.network().partition(other.host(), node.host(), false);
                });
            }
        }
        world.after(nemesis.between(1_000_000, 100_000_000), () -> meta.passOver(node.deviceId()));
    }

    private void startLater(StorageNode node, long delayNs) {
        world.after(delayNs, () -> {
            if (!node.isRunning()) {
                node.start();
            }
        });
    }

    private void serves(int deviceId, int pg, int epoch) {
        final long key = (long) pg << 32 | epoch;
        final Integer before = primaries.putIfAbsent(key, deviceId);
        if (before != null && before != deviceId) {
            throw new SimulationFailure(
                    "S7: devices " + before + " and " + deviceId + " serve pg " + pg + " in epoch " + epoch);
        }
    }

    // Liveness.

    private void liveness() {
        isHealed = true;
        world.note("healed");
        world.network().heal();
        world.network().faults(SimFaults.NONE);
        require(world.runUntil(this::allAttached, LIVENESS_NS), "L1: the volume was never attached");
        final SimClient client = clients.getLast();
        require(world.runUntil(client::isIdle, LIVENESS_NS), "L1: operations never end:" + client.pending());
        client.readAll();
        require(world.runUntil(client::isIdle, LIVENESS_NS), "L1: reads never end:" + client.pending());
        require(world.runUntil(this::isWhole, LIVENESS_NS), "L3: placement groups stay degraded");
        client.readAll();
        require(world.runUntil(client::isIdle, LIVENESS_NS), "L1: last reads never end:" + client.pending());
        final String violation = history.violation();
        require(violation == null, violation == null ? "" : violation);
        new CopyCheck(world, nodes, meta.map(), part).run();
    }

    private boolean allAttached() {
        return newestGeneration == 1 + scenario.attaches();
    }

    /// Every copy on a device that works is in sync.
    private boolean isWhole() {
        for (final StorageNode node : nodes) {
            if (!node.isServing() && !node.isRefused()) {
                return false;
            }
        }
        final ClusterMap map = meta.map();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
                final boolean works = map.replica(pg, index) != unlucky
                        || (!scenario.diskFails() && !nodes.get(unlucky - 1).isRefused());
                if (works && !map.inSync(pg, index)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new SimulationFailure(message);
        }
    }
}
