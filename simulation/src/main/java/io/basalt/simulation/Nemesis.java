package io.basalt.simulation;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Has everything go wrong that a scenario says, at times drawn from the seed, within the fault atlas: content is
/// damaged on one disk only, and only while every block of it has another copy in sync.
final class Nemesis {
    private static final long MS_NS = 1_000_000;
    private static final long FIRST_NS = 30 * MS_NS;

    /// How long a device hangs, and after how long others must have its place.
    private static final long HANG_NS = 5_000 * MS_NS;

    private static final long TAKEN_OVER_NS = 4_000 * MS_NS;
    private static final long RECOVERED_NS = 3_000 * MS_NS;
    private static final int FLIPS_AT_ONCE = 20;
    private static final long FLIP_PAUSE_NS = 8 * MS_NS;

    private final World world;
    private final SimRandom random;
    private final Scenario.Faults faults;
    private final Strains strains;
    private final long lastNs;
    private final Plan plan;
    private final MetaNode meta;
    private final List<StorageNode> nodes;
    private final StorageNode unlucky;
    private final Simulation simulation;
    private final List<StorageNode> drainsAsked = new ArrayList<>();
    private boolean isOver;
    private boolean diskHasFailed;
    private boolean isHanging;
    private int metaCrashes;
    private int drained;

    Nemesis(
            World world,
            SimRandom random,
            Scenario scenario,
            Plan plan,
            MetaNode meta,
            List<StorageNode> nodes,
            Simulation simulation) {
        this.world = world;
        this.random = random;
        faults = scenario.faults();
        strains = scenario.strains();
        lastNs = scenario.load().faultsNs();
        this.plan = plan;
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
        plan("disconnect", faults.disconnects(), by -> {
            final String one = anyNode(by).host();
            final String other = by.chance(50) ? simulation.gateHost() : anyHost(by);
            world.note("connections break: " + one + ", " + other);
            world.network().disconnect(one, other);
        });
        plan("clog", faults.clogs(), this::clog);
        plan("kill", faults.kills(), by -> crash(by, anyNode(by), false));
        plan("power-cut", faults.powerCuts(), by -> crash(by, anyNode(by), true));
        plan("pause", faults.pauses(), by -> pause(by, by.between(5, 700) * MS_NS));
        plan("stall", faults.stalls(), by -> {
            final StorageNode node = anyNode(by);
            final long forNs = by.between(20, 900) * MS_NS;
            world.note(node.host() + ": its disk stalls");
            node.storage().stall(world.nowNs() + forNs);
        });
        plan("rot", faults.rots(), by -> {
            if (hasGoodCopies(unlucky)) {
                world.note(unlucky.host() + ": its disk rots");
                unlucky.storage().rot(by);
            }
        });
        plan("move", faults.moves(), this::movePrimary);
        plan("attach", faults.attaches(), simulation::takeOver);
        plan("isolate", faults.isolations(), this::isolate);
        plan("meta-crash", faults.metaCrashes(), by -> {
            crashMeta(by.chance(50));
            startMetaLater(by.between(1, 1200) * MS_NS);
        });
        plan("disk-fails", faults.diskFails() ? 1 : 0, by -> {
            if (hasGoodCopies(unlucky)) {
                final boolean readsToo = by.chance(50);
                world.note(unlucky.host() + ": its disk " + (readsToo ? "fails" : "takes no writes any more"));
                unlucky.storage().fail(readsToo);
                diskHasFailed = true;
            }
        });
        planStrains();
    }

    private void planStrains() {
        plan("slow-disk", strains.slowDisks(), by -> {
            final StorageNode node = anyNode(by);
            final int factor = (int) by.between(10, by.chance(30) ? 1000 : 100);
            world.note(node.host() + ": its disk is " + factor + " times slower");
            node.storage().slow(factor, world.nowNs() + by.between(50, 1500) * MS_NS);
        });
        plan("slow-link", strains.slowLinks(), by -> {
            final String host = by.chance(30) ? simulation.gateHost() : anyHost(by);
            world.note(host + ": its network is slow");
            world.network().lag(host, by.between(1, 100) * MS_NS);
            world.after(by.between(50, 1500) * MS_NS, () -> world.network().lag(host, 0));
        });
        plan("long-pause", strains.longPauses(), by -> pause(by, by.between(700, 5000) * MS_NS));
        plan("leader-change", strains.leaderChanges(), by -> meta.depose(by.between(1, 300) * MS_NS));
        plan("log-rot", strains.logRots(), by -> {
            if (hasGoodCopies(unlucky)) {
                world.note(unlucky.host() + ": its log rots");
                unlucky.storage().rotLog(by);
            }
        });
        if (strains.flips() > 0 && plan.has("flips")) {
            world.after(FIRST_NS, () -> flip(random.fork("flips"), strains.flips()));
        }
        plan("meta-cut", strains.metaCuts(), by -> {
            final StorageNode node = nodeOfPrimary(by);
            world.note(node.host() + " does not reach the metaserver");
            cut(node.host(), MetaNode.HOST, by.between(100, 1500) * MS_NS);
        });
        plan("hang", strains.hangs(), this::hang);
        plan("join", strains.joins(), by -> simulation.addNode());
        plan("drain", strains.drains(), this::drain);
        plan("restarts", strains.restarts() ? 1 : 0, by -> restart(by, 0));
    }

    /// Each fault draws from a stream of its own: one that is left out leaves the others as they are.
    private void plan(String what, int times, Consumer<SimRandom> fault) {
        for (int time = 1; time <= times; time++) {
            final String key = what + "-" + time;
            final SimRandom by = random.fork(key);
            final long atNs = by.between(FIRST_NS, lastNs);
            if (plan.has(key)) {
                world.after(atNs, () -> {
                    if (!isOver) {
                        fault.accept(by);
                    }
                });
            }
        }
    }

    /// Begin one node after the other anew, each when the one before is back.
    private void restart(SimRandom by, int index) {
        if (isOver || index == nodes.size()) {
            return;
        }
        final StorageNode node = nodes.get(index);
        crash(by, node, false);
        world.after(by.between(5, 40) * MS_NS, () -> {
            if (!node.isRunning()) {
                node.start();
            }
            world.after(by.between(100, 300) * MS_NS, () -> restart(by, index + 1));
        });
    }

    private StorageNode anyNode(SimRandom by) {
        return nodes.get(by.below(nodes.size()));
    }

    private String anyHost(SimRandom by) {
        return by.chance(30) ? MetaNode.HOST : anyNode(by).host();
    }

    private void clog(SimRandom by) {
        final String from = anyHost(by);
        final String to = by.chance(50) ? simulation.gateHost() : anyHost(by);
        final long untilNs = world.nowNs() + by.between(20, 900) * MS_NS;
        world.note("what " + from + " sends to " + to + " is held back");
        world.network().clog(from, to, untilNs);
    }

    private void crash(SimRandom by, StorageNode node, boolean isPowerCut) {
        final boolean isDamaged = node == unlucky && (faults.rots() > 0 || strains.logRots() > 0 || faults.diskFails());
        // With two copies away a third one goes on alone, as soon as one of them is back and can join: not one whose
        // disk has failed.
        final boolean isNeeded = diskHasFailed && node != unlucky && !hasGoodCopies(unlucky, node);
        if (node.isRunning() && !isNeeded && (!isDamaged || hasGoodCopies(node))) {
            node.crash(isPowerCut);
            startLater(node, by.between(1, strains.awayMs()) * MS_NS);
        }
    }

    private void pause(SimRandom by, long forNs) {
        final long untilNs = world.nowNs() + forNs;
        switch (by.below(4)) {
            case 0 -> {
                world.note("the metaserver is stopped for a while");
                meta.pause(untilNs);
            }
            case 1 -> simulation.pauseGate(by, untilNs);
            default -> {
                final StorageNode node = anyNode(by);
                world.note(node.host() + " is stopped for a while");
                node.pause(untilNs);
            }
        }
    }

    /// One device stands still while its process gives signs of life. Others take its place before long.
    private void hang(SimRandom by) {
        final StorageNode node = nodeOfPrimary(by);
        if (isHanging || !node.isServing()) {
            return;
        }
        isHanging = true;
        world.note(node.host() + ": the reactor of its device hangs");
        node.hang(world.nowNs() + HANG_NS);
        world.after(HANG_NS + RECOVERED_NS, () -> isHanging = false);
        world.after(TAKEN_OVER_NS, () -> {
            final ClusterMap map = meta.map();
            for (int pg = 0; map != null && pg < map.pgCount(); pg++) {
                final StorageNode primary = nodeOf(map.primaryDevice(pg));
                if (primary == null || primary.equals(node) || !primary.serves(pg)) {
                    throw new SimulationFailure(
                            "hang: nobody has taken over pg " + pg + " from " + node.host() + ", which hangs");
                }
            }
            world.coverage().saw(Sighting.HANG_OUTLIVED, 1);
        });
    }

    /// Cut a node off from the others and the metaserver, but not from gates: its place goes to others.
    private void isolate(SimRandom by) {
        final StorageNode node = nodeOfPrimary(by);
        final long forNs = by.between(100, 1500) * MS_NS;
        world.note(node.host() + " is cut off");
        cut(node.host(), MetaNode.HOST, forNs);
        for (final StorageNode other : nodes) {
            if (other.deviceId() != node.deviceId()) {
                cut(node.host(), other.host(), forNs);
            }
        }
        world.after(
                by.between(1, 100) * MS_NS,
                () -> simulation.pauseGateReactor(1, world.nowNs() + by.between(50, 900) * MS_NS));
    }

    /// As often as not one that others depend on.
    private StorageNode nodeOfPrimary(SimRandom by) {
        final ClusterMap map = meta.map();
        final StorageNode primary = map == null ? null : nodeOf(map.primaryDevice(0));
        return primary != null && by.chance(50) ? primary : anyNode(by);
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

    private void movePrimary(SimRandom by) {
        final SetRecord set = meta.set();
        if (set != null) {
            final int pg = by.below(set.map().pgCount());
            final int device = set.map().replica(pg, by.below(set.map().copies()));
            world.note("pg " + pg + ": an operator wants device " + device + " as primary");
            change(set, pg, PgChange.Kind.MAKE_PRIMARY, device);
        }
    }

    /// Have some bits flip, and more in a moment.
    private void flip(SimRandom by, int left) {
        if (isOver || left <= 0) {
            return;
        }
        final int count = Math.min(left, 1 + by.below(2 * FLIPS_AT_ONCE));
        if (hasGoodCopies(unlucky)) {
            for (int index = 0; index < count; index++) {
                unlucky.storage().flip(by);
            }
            world.coverage().saw(Sighting.FLIP, count);
        }
        world.after(by.between(1, 2 * FLIP_PAUSE_NS), () -> flip(by, left - count));
    }

    /// Have a device's copies moved to others, as long as there are enough of them.
    private void drain(SimRandom by) {
        final StorageNode node = anyNode(by);
        final SetRecord set = meta.set();
        if (set == null
                || node.deviceId() == 0
                || node.isDrained()
                || drained + set.map().copies() >= nodes.size()) {
            return;
        }
        world.note("an operator drains device " + node.deviceId());
        drainsAsked.add(node);
        meta.propose(new MetaCommand.AdminDevice(node.deviceId(), MetaCommand.AdminDevice.Action.DRAIN, 0), result -> {
            world.note("device " + node.deviceId() + " is to be drained: " + result.code());
            if (result.code() == MetaCode.OK) {
                drained++;
                node.drained();
            }
        });
    }

    /// Have the operator look what has become of drains that were asked for: the answer may have been lost with the
    /// metaserver, or with its lead. To be asked when all have come to rest.
    void lookAtDrains() {
        final ClusterMap map = meta.map();
        for (final StorageNode node : drainsAsked) {
            final Device device = map == null ? null : map.device(node.deviceId());
            if (device != null && !device.state().in() && !node.isDrained()) {
                world.note("device " + node.deviceId() + " was drained without a word");
                node.drained();
            }
        }
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
        return hasGoodCopies(node, node);
    }

    private boolean hasGoodCopies(StorageNode node, StorageNode besides) {
        final ClusterMap map = meta.map();
        if (map == null) {
            return false;
        }
        for (int pg = 0; pg < map.pgCount(); pg++) {
            boolean found = map.pgTable().indexOf(pg, node.deviceId()) < 0;
            for (int index = 0; index < map.pgTable().replicaCount(pg) && !found; index++) {
                final StorageNode other = nodeOf(map.replica(pg, index));
                found = other != null
                        && other != node
                        && other != besides
                        && map.inSync(pg, index)
                        && other.isServing();
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
