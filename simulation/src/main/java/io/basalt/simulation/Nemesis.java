package io.basalt.simulation;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.PgChange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Has everything go wrong that a scenario says, at times drawn from the seed, within the fault atlas: content is
/// damaged on one disk only, and only while every block of it has another copy in sync.
final class Nemesis {
    private static final long MS_NS = 1_000_000;
    private static final long FIRST_NS = 30 * MS_NS;
    private static final long LAST_NS = 1500 * MS_NS;
    private static final long OPERATOR_NS = 100 * MS_NS;

    private final World world;
    private final SimRandom random;
    private final Scenario.Faults faults;
    private final MetaNode meta;
    private final List<StorageNode> nodes;
    private final StorageNode unlucky;
    private final Simulation simulation;
    private boolean isOver;
    private int metaCrashes;

    Nemesis(
            World world,
            SimRandom random,
            Scenario.Faults faults,
            MetaNode meta,
            List<StorageNode> nodes,
            Simulation simulation) {
        this.world = world;
        this.random = random;
        this.faults = faults;
        this.meta = meta;
        this.nodes = nodes;
        this.simulation = simulation;
        unlucky = nodes.get(random.below(nodes.size()));
        unlucky.storage().harmOnlyIf(() -> !isOver && hasGoodCopies(unlucky));
    }

    /// The node whose disk may be damaged or fail.
    StorageNode unlucky() {
        return unlucky;
    }

    /// Nothing more goes wrong.
    void stop() {
        isOver = true;
    }

    /// Decide what happens when.
    void plan() {
        plan(faults.disconnects(), () -> {
            final String one = anyNode().host();
            final String other = random.chance(50) ? simulation.gateHost() : anyHost();
            world.note("connections break: " + one + ", " + other);
            world.network().disconnect(one, other);
        });
        plan(faults.clogs(), this::clog);
        plan(faults.kills(), () -> crash(anyNode(), false));
        plan(faults.powerCuts(), () -> crash(anyNode(), true));
        plan(faults.pauses(), this::pause);
        plan(faults.stalls(), () -> {
            final StorageNode node = anyNode();
            final long forNs = random.between(20, 900) * MS_NS;
            world.note(node.host() + ": its disk stalls");
            node.storage().stall(world.nowNs() + forNs);
        });
        plan(faults.rots(), () -> {
            if (hasGoodCopies(unlucky)) {
                world.note(unlucky.host() + ": its disk rots");
                unlucky.storage().rot(random);
            }
        });
        plan(faults.moves(), this::movePrimary);
        plan(faults.attaches(), () -> simulation.takeOver(random));
        plan(faults.isolations(), this::isolate);
        plan(faults.metaCrashes(), () -> {
            crashMeta(random.chance(50));
            startMetaLater(random.between(1, 1200) * MS_NS);
        });
        if (faults.diskFails()) {
            plan(1, () -> {
                if (hasGoodCopies(unlucky)) {
                    final boolean readsToo = random.chance(50);
                    world.note(unlucky.host() + ": its disk " + (readsToo ? "fails" : "takes no writes any more"));
                    unlucky.storage().fail(readsToo);
                }
            });
        }
        watchLostDisks();
    }

    private void plan(int times, Runnable fault) {
        for (int time = 0; time < times; time++) {
            world.after(random.between(FIRST_NS, LAST_NS), () -> {
                if (!isOver) {
                    fault.run();
                }
            });
        }
    }

    private StorageNode anyNode() {
        return nodes.get(random.below(nodes.size()));
    }

    private String anyHost() {
        return random.chance(30) ? MetaNode.HOST : anyNode().host();
    }

    private void clog() {
        final String from = anyHost();
        final String to = random.chance(50) ? simulation.gateHost() : anyHost();
        final long untilNs = world.nowNs() + random.between(20, 900) * MS_NS;
        world.note("what " + from + " sends to " + to + " is held back");
        world.network().clog(from, to, untilNs);
    }

    private void crash(StorageNode node, boolean isPowerCut) {
        final boolean isDamaged = node == unlucky && (faults.rots() > 0 || faults.diskFails());
        if (node.isRunning() && (!isDamaged || hasGoodCopies(node))) {
            node.crash(isPowerCut);
            startLater(node, random.between(1, 800) * MS_NS);
        }
    }

    private void pause() {
        final long untilNs = world.nowNs() + random.between(5, 700) * MS_NS;
        switch (random.below(4)) {
            case 0 -> {
                world.note("the metaserver is stopped for a while");
                meta.pause(untilNs);
            }
            case 1 -> simulation.pauseGate(random, untilNs);
            default -> {
                final StorageNode node = anyNode();
                world.note(node.host() + " is stopped for a while");
                node.pause(untilNs);
            }
        }
    }

    /// Cut a node off from the others and the metaserver, but not from gates, and have an operator give its
    /// place as primary to others.
    private void isolate() {
        final ClusterMap map = meta.map();
        final StorageNode primary = map == null ? null : nodeOf(map.primaryDevice(0));
        final StorageNode node = primary != null && random.chance(50) ? primary : anyNode();
        final long forNs = random.between(100, 1500) * MS_NS;
        world.note(node.host() + " is cut off");
        cut(node.host(), MetaNode.HOST, forNs);
        for (final StorageNode other : nodes) {
            if (other.deviceId() != node.deviceId()) {
                cut(node.host(), other.host(), forNs);
            }
        }
        final long overNs = random.between(1, 100) * MS_NS;
        world.after(overNs, () -> passOver(node));
        world.after(
                random.between(0, overNs),
                () -> simulation.pauseGateReactor(1, world.nowNs() + random.between(50, 900) * MS_NS));
    }

    private void cut(String one, String other, long forNs) {
        world.network().partition(one, other, true);
        world.network().partition(other, one, true);
        world.after(forNs, () -> {
            world.network().partition(one, other, false);
            world.network().partition(other, one, false);
        });
    }

    // What operators do.

    private void movePrimary() {
        final SetRecord set = meta.set();
        if (set != null) {
            final int pg = random.below(set.map().pgCount());
            final int device = set.map().replica(pg, random.below(set.map().copies()));
            world.note("pg " + pg + ": an operator wants device " + device + " as primary");
            change(set, pg, PgChange.Kind.MAKE_PRIMARY, device);
        }
    }

    private void passOver(StorageNode node) {
        final SetRecord set = meta.set();
        if (set == null) {
            return;
        }
        for (int pg = 0; pg < set.map().pgCount(); pg++) {
            if (set.map().primaryDevice(pg) == node.deviceId()) {
                change(set, pg, PgChange.Kind.REMOVE_FROM_IN_SYNC, node.deviceId());
            }
        }
    }

    /// A device whose store cannot be opened has no copy any more: an operator says so until it is known.
    private void watchLostDisks() {
        final SetRecord set = meta.set();
        for (final StorageNode node : nodes) {
            if (node.isRefused() && set != null) {
                for (int pg = 0; pg < set.map().pgCount(); pg++) {
                    final int index = set.map().pgTable().indexOf(pg, node.deviceId());
                    if (index >= 0 && set.map().inSync(pg, index)) {
                        change(set, pg, PgChange.Kind.REMOVE_FROM_IN_SYNC, node.deviceId());
                    }
                }
            }
        }
        world.after(OPERATOR_NS, this::watchLostDisks);
    }

    private void change(SetRecord set, int pg, PgChange.Kind kind, int device) {
        final int epoch = set.map().epoch(pg);
        meta.propose(
                new MetaCommand.ChangePg(new PgChange(set.id(), pg, epoch, kind, device)),
                result -> world.note(
                        "pg " + pg + " epoch " + epoch + ": " + kind + " of device " + device + ": " + result.code()));
    }

    // The atlas.

    /// Whether every placement group that a node has a copy of has another one in sync on a node that runs.
    private boolean hasGoodCopies(StorageNode node) {
        final ClusterMap map = meta.map();
        if (map == null) {
            return false;
        }
        for (int pg = 0; pg < map.pgCount(); pg++) {
            boolean found = map.pgTable().indexOf(pg, node.deviceId()) < 0;
            for (int index = 0; index < map.pgTable().replicaCount(pg) && !found; index++) {
                final StorageNode other = nodeOf(map.replica(pg, index));
                found = other != null && other != node && map.inSync(pg, index) && other.isServing();
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private @Nullable StorageNode nodeOf(int deviceId) {
        for (final StorageNode node : nodes) {
            if (node.deviceId() == deviceId) {
                return node;
            }
        }
        return null;
    }

    // Coming back.

    void startLater(StorageNode node, long delayNs) {
        world.after(delayNs, () -> {
            if (!node.isRunning()) {
                node.start();
            }
        });
    }

    /// End the metaserver, if it runs; nothing that was planned before begins it again.
    void crashMeta(boolean silent) {
        metaCrashes++;
        meta.crash(silent);
    }

    void startMetaLater(long delayNs) {
        final int crash = metaCrashes;
        world.after(delayNs, () -> {
            if (!meta.isRunning() && crash == metaCrashes) {
                meta.start();
            }
        });
    }
}
