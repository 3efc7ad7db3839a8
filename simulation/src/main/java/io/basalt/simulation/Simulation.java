package io.basalt.simulation;

import io.basalt.block.BlockOperation;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.meta.state.MetaCommand;
import io.basalt.net.sim.SimFaults;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import io.basalt.simulation.check.VolumeHistory;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One run of one seed: a cluster of production classes is started, put under load and faults (safety),
/// then healed, when everything has to come to its end and all copies to the same content (liveness).
public final class Simulation {
    /// Name of the set that there is.
    static final String SET = "default";

    private static final long SAFETY_NS = 2_000_000_000L;
    private static final long LIVENESS_NS = 30_000_000_000L;
    private static final long LAYOUT_NS = 20_000_000;
    private static final int ATTEMPTS_MAX = 6;
    private static final long DELETE_NS = 5_000_000;
    private static final int OUTAGE_OPERATIONS = 30;
    private static final long REST_NS = 300_000_000;

    /// Pause between two looks at a condition that walks through the cluster.
    private static final long LOOK_NS = 1_000_000;

    private final SimRandom random;
    private final Plan plan;
    private final Scenario scenario;
    private final World world;
    private final MetaNode meta;
    private final Nemesis nemesis;
    private final Primaries primaries;
    private final Wholeness wholeness;
    private final RepairCheck repair;
    private final @Nullable Spares spares;
    private final List<StorageNode> nodes = new ArrayList<>();
    private final StorageFactory storages;

    /// The volumes that there are, and all that there ever were.
    private final List<DiskHistory> disks = new ArrayList<>();

    private final List<DiskHistory> created = new ArrayList<>();
    private final List<GateNode> gates = new ArrayList<>();
    private final @Nullable HandOvers handOvers;
    private final Map<Long, Integer> granted = new HashMap<>();
    private int takeOvers;

    /// How a run ended.
    ///
    /// @param seed of the run
    /// @param failure the rule that was broken, null if none
    /// @param traceHash of everything that happened
    /// @param events noted
    /// @param operations that guests finished
    /// @param simulatedNs virtual time that passed
    /// @param coverage what rare things it came to
    /// @param plan keys of the faults and operations, see [Plan]
    /// @param lastEvents what happened last, for people
    public record Result(
            long seed,
            @Nullable String failure,
            long traceHash,
            long events,
            long operations,
            long simulatedNs,
            Coverage coverage,
            List<String> plan,
            List<String> lastEvents) {}

    /// Makes the disks of a run.
    @FunctionalInterface
    interface StorageFactory {
        SimStorage make(World world, SimRandom random, int number, Scenario scenario);
    }

    private Simulation(long seed, UnaryOperator<Scenario> emphasis, Plan plan, StorageFactory disks) {
        this.plan = plan;
        random = new SimRandom(seed);
        scenario = emphasis.apply(Scenario.of(random));
        world = new World(random, SimFaults.NONE);
        world.drift(scenario.strains().driftPerMillion());
        final Scenario.Cluster cluster = scenario.cluster();
        final int minCopies = scenario.minCopies(random.fork("min-copies"));
        world.minCopies(new MinCopies(world, minCopies));
        meta = new MetaNode(
                world,
                random.fork("meta"),
                MetaServiceOptions.DEFAULT
                        .withFirstSet(
                                SET, new RoutingRule(cluster.pgs(), cluster.copies(), FailureDomain.HOST), minCopies, 0)
                        .withTimes(
                                cluster.control().heartbeatNs(),
                                cluster.control().timeoutNs(),
                                LAYOUT_NS)
                        .withFailureTimes(
                                MetaServiceOptions.DEFAULT.suspectNs(),
                                scenario.strains().outAfterNs()));
        storages = disks;
        primaries = new Primaries(world, meta, nodes, scenario);
        for (int number = 1; number <= cluster.devices(); number++) {
            nodes.add(newNode(number));
        }
        world.watch(primaries::check);
        handOvers = scenario.handOvers() == 0 ? null : new HandOvers(world, random.fork("hand-overs"), scenario, plan);
        nemesis = new Nemesis(world, random.fork("nemesis"), scenario, plan, meta, nodes, this);
        wholeness = new Wholeness(meta, nodes, scenario, nemesis);
        repair = new RepairCheck(
                world, random.fork("repair"), scenario, meta, nodes, this.disks, minCopies, new RepairCourse());
        spares = minCopies < cluster.copies() ? null : new Spares(world, meta, nodes, this::addNode);
    }

    /// Run a seed.
    public static Result run(long seed, ScenarioKind kind) {
        return run(seed, kind.emphasis(), Set.of());
    }

    /// Run a seed without some entries of its [Plan].
    static Result run(long seed, UnaryOperator<Scenario> emphasis, Set<String> leftOut) {
        final Simulation simulation = new Simulation(seed, emphasis, new Plan(leftOut), DiskStorage::make);
        try (World world = simulation.world) {
            String failure = null;
            try {
                simulation.boot();
                simulation.safety();
                simulation.liveness();
            } catch (RuntimeException | AssertionError e) {
                failure = describe(e);
                simulation.noteStates();
            }
            simulation.observe();
            long operations = 0;
            for (final Guest guest : simulation.guests()) {
                operations += guest.done();
            }
            return new Result(
                    seed,
                    failure,
                    world.trace().hash(),
                    world.trace().count(),
                    operations,
                    world.nowNs(),
                    world.coverage(),
                    simulation.plan.entries(),
                    world.trace().last());
        }
    }

    private StorageNode newNode(int number) {
        return new StorageNode(
                world,
                random.fork("node" + number),
                storages.make(world, random.fork("disk" + number), number, scenario),
                number,
                scenario.cluster().settings(),
                scenario.cluster().control(),
                scenario.strains().flips() > 0,
                primaries::serves);
    }

    /// One more storage node joins the cluster.
    void addNode() {
        final StorageNode node = newNode(nodes.size() + 1);
        world.note(node.host() + " is added");
        nodes.add(node);
        node.start();
    }

    private void observe() {
        nodes.forEach(StorageNode::observe);
        gates.forEach(GateNode::observe);
        if (handOvers != null) {
            handOvers.gates().forEach(RingGate::observe);
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

    // Start.

    private void boot() {
        world.note("scenario " + scenario);
        meta.start();
        nodes.forEach(StorageNode::start);
        require(wholeness::isLaidOut, "the set is never laid out");
        for (int number = 1; number <= scenario.cluster().volumes(); number++) {
            final String name = "volume" + number;
            meta.propose(
                    new MetaCommand.CreateVolume(
                            new RequestId(1, number),
                            name,
                            (long) scenario.load().shards() * DiskStorage.SHARD_BYTES,
                            DiskStorage.SHARD_BYTES,
                            scenario.load().blockBytes(),
                            "ssd",
                            SET,
                            1),
                    result -> world.note(name + " is created: " + result.code()));
            require(() -> volume(name) != null, "a volume is never created");
            final VolumeRecord record = Objects.requireNonNull(volume(name));
            disks.add(new DiskHistory(
                    name,
                    record.volumeId(),
                    record.parts().getFirst().partId(),
                    scenario.load().shards(),
                    new VolumeHistory()));
            created.add(disks.getLast());
        }
        if (handOvers == null) {
            startGate("gate1", new UUID(1, random.nextLong()), false);
        } else {
            handOvers.start(disks);
        }
    }

    private @Nullable VolumeRecord volume(String name) {
        final var service = meta.service();
        return service == null ? null : service.state().volume(name);
    }

    // Gates.

    /// The gate of the day.
    private ServingGate gate() {
        return handOvers == null ? gates.getLast() : handOvers.gate();
    }

    /// Every guest that there ever was.
    private List<Guest> guests() {
        final List<Guest> all = new ArrayList<>();
        if (handOvers != null) {
            handOvers.machines().forEach(machine -> all.add(machine.guest()));
        }
        for (final GateNode gate : gates) {
            for (final GateNode.Served served : gate.served()) {
                if (served.guest() != null) {
                    all.add(served.guest());
                }
            }
        }
        return all;
    }

    private void startGate(String host, UUID uuid, boolean takesOver) {
        final int number = gates.size() + 1;
        gates.add(new GateNode(
                world,
                random.fork("gate" + number),
                scenario,
                plan,
                number,
                host,
                uuid,
                takesOver,
                disks,
                this::attached));
    }

    private void attached(GateNode gate, GateNode.Served served) {
        final DiskHistory disk = served.disk();
        final long at = disk.history().event();
        final int newest = granted.merge(disk.number(), served.generation(), Math::max);
        for (final GateNode each : gates) {
            for (final GateNode.Served other : each.served()) {
                if (other.disk().equals(disk) && other.guest() != null && other.generation() < newest) {
                    other.guest().superseded(each.number(), at);
                }
            }
        }
        final Guest guest = Objects.requireNonNull(served.guest());
        guest.work(
                scenario.load().operations() / (1 + scenario.faults().attaches()),
                scenario.load().pauseNs());
    }

    /// Another gate, or the same one in another life, takes the volumes over. Not as long as the newest one
    /// is still at it.
    void takeOver(SimRandom by) {
        takeOvers++;
        final GateNode last = gates.getLast();
        if (!all(last, ServingGate.Disk::isAttached) && !last.isGone()) {
            return;
        }
        switch (by.below(4)) {
            case 0 -> startOther();
            case 1 -> {
                last.crash(by.chance(50));
                startOther();
            }
            case 2 -> {
                last.crash(by.chance(50));
                startGate(last.host(), last.uuid(), false);
            }
            default -> {
                world.note(last.host() + " cannot reach the metaserver any more");
                world.network().partition(last.host(), MetaNode.HOST, true);
                world.network().partition(MetaNode.HOST, last.host(), true);
                startOther();
            }
        }
    }

    private void startOther() {
        final int number = gates.size() + 1;
        startGate("gate" + number, new UUID(number, random.nextLong()), true);
    }

    /// The host of the newest gate.
    String gateHost() {
        return gate().host();
    }

    void pauseGate(SimRandom by, long untilNs) {
        world.note(gateHost() + " is stopped for a while");
        if (by.chance(50)) {
            gate().pause(untilNs);
        } else {
            pauseGateReactor(by.below(2), untilNs);
        }
    }

    void pauseGateReactor(int index, long untilNs) {
        gate().pauseReactor(index, untilNs);
    }

    private boolean all(ServingGate gate, Predicate<ServingGate.Disk> condition) {
        return served(gate).allMatch(condition);
    }

    /// What a gate serves of the volumes that there are.
    private Stream<? extends ServingGate.Disk> served(ServingGate gate) {
        return gate.served().stream().filter(each -> disks.contains(each.disk()));
    }

    // Safety.

    private void safety() {
        world.network().faults(scenario.faults().network());
        nemesis.plan();
        world.runUntilSeldom(
                () -> takeOvers == scenario.faults().attaches()
                        && (handOvers == null || handOvers.areOver())
                        && isIdle(),
                LOOK_NS,
                SAFETY_NS + scenario.load().faultsNs() + scenario.load().faultsNs() / 2);
        if (scenario.faults().allPowerCut()) {
            nodes.forEach(node -> node.crash(true));
            nodes.forEach(node -> nemesis.startLater(node, 1_000_000));
            if (random.chance(50)) {
                nemesis.crashMeta(true);
                nemesis.startMetaLater(1_000_000);
            }
        }
    }

    /// Whether the newest gate serves everything and its guests have nothing to do.
    private boolean isIdle() {
        return all(
                gate(),
                each -> each.isAttached()
                        && each.guest() != null
                        && each.guest().isIdle());
    }

    // Liveness.

    private void liveness() {
        world.note("healed");
        nemesis.stop();
        world.network().heal();
        world.network().faults(SimFaults.NONE);
        world.steadyClocks();
        if (spares != null) {
            spares.look();
        }
        attachFinally();
        require(this::isIdle, "L1: operations never end", this::pending);
        sweep(BlockOperation.READ);
        rest("L3: placement groups stay degraded");
        sweep(BlockOperation.READ);
        // A copy that fails just then could not be recorded as lost, and changes would wait for that.
        if (scenario.faults().metaOutage() && !scenario.faults().diskFails()) {
            workWithoutMetaserver();
        }
        nemesis.lookAtDrains();
        if (wholeness.isEveryCopyInSync()) {
            repair.run();
        }
        final boolean isScrubbed = scenario.strains().flips() > 0;
        if (isScrubbed) {
            require(wholeness::isScrubbed, "L4: what has rotted is never found", wholeness::scrubs);
        }
        for (final DiskHistory disk : disks) {
            new CopyCheck(world, nodes, meta, disk, isScrubbed).run();
        }
        final CapacityCheck capacity = new CapacityCheck(
                nodes,
                scenario.faults().rots() > 0 ? nemesis.unlucky() : null,
                scenario.faults().diskFails() ? nemesis.unlucky() : null,
                meta,
                disks);
        require(() -> capacity.violation() == null, "S16: capacity is not conserved", capacity::violation);
        if (disks.size() > 1) {
            delete(disks.getLast(), capacity);
        }
        sweep(BlockOperation.DISCARD);
        sweep(BlockOperation.READ);
        if (scenario.strains().fullDisks()) {
            require(wholeness::isEveryCopyInSync, "L3: a copy is out of sync though there is space for it again");
        }
        require(
                () -> capacity.leftOver() == null && capacity.violation() == null,
                "S16: space does not come back",
                () -> capacity.leftOver() + ", " + capacity.violation());
        primaries.checkEpochs(faults());
        checkHistories();
    }

    /// How much was done to the cluster that may change configurations.
    private long faults() {
        return plan.entries().stream().filter(key -> key.indexOf('/') < 0).count()
                + (scenario.faults().allPowerCut() ? 1 : 0)
                + (scenario.faults().metaOutage() ? 1 : 0)
                + (scenario.strains().restarts() ? nodes.size() : 0);
    }

    private void checkHistories() {
        for (final DiskHistory disk : created) {
            final String violation = disk.history().violation();
            if (violation != null) {
                throw new SimulationFailure(violation);
            }
        }
    }

    /// A gate that was fenced by a late wish of an older one, or that is gone, has a successor in the end.
    private void attachFinally() {
        if (handOvers != null) {
            handOvers.heal();
            require(handOvers::isSettled, "H7: no gate serves everything in the end", handOvers::describe);
            return;
        }
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            final GateNode last = gates.getLast();
            require(
                    () -> last.isGone()
                            || all(last, ServingGate.Disk::isAttached)
                            || !all(last, each -> !each.isLost()),
                    "L1: the volumes are never attached",
                    this::pending);
            if (!last.isGone() && all(last, ServingGate.Disk::isAttached)) {
                return;
            }
            startOther();
        }
        throw new SimulationFailure("L1: gates take the volumes from each other for ever");
    }

    /// What a deleted volume has taken comes back, without anybody discarding it.
    private void delete(DiskHistory disk, CapacityCheck capacity) {
        disks.remove(disk);
        world.note(disk.volumeName() + " is deleted");
        require(
                () -> {
                    if (volume(disk.volumeName()) != null) {
                        meta.propose(new MetaCommand.Fence(RequestId.NONE, disk.volumeName()), result -> {});
                        meta.propose(new MetaCommand.DeleteVolume(RequestId.NONE, disk.volumeName()), result -> {});
                        world.run(DELETE_NS);
                    }
                    return volume(disk.volumeName()) == null;
                },
                "a volume is never deleted");
        require(
                () -> capacity.leftOver(disk.partId()) == null && capacity.violation() == null,
                "S16: the space of a deleted volume does not come back",
                () -> capacity.leftOver(disk.partId()) + ", " + capacity.violation());
    }

    /// I/O goes on while no metaserver runs.
    private void workWithoutMetaserver() {
        nemesis.crashMeta(true);
        served(gate()).forEach(each -> Objects.requireNonNull(each.guest()).work(OUTAGE_OPERATIONS, 1_000_000));
        require(this::isIdle, "L8: I/O waits for the metaserver", this::pending);
        sweep(BlockOperation.READ);
        meta.start();
        rest("L3: placement groups stay degraded after an outage of the metaserver");
    }

    private void sweep(BlockOperation operation) {
        served(gate()).forEach(each -> Objects.requireNonNull(each.guest()).sweep(operation));
        require(this::isIdle, "L1: " + operation + " of everything never ends", this::pending);
    }

    private String pending() {
        final StringBuilder text = new StringBuilder();
        for (final ServingGate.Disk served : gate().served()) {
            text.append(
                    served.guest() == null ? " not attached" : served.guest().pending());
        }
        return text.toString();
    }

    /// Every copy is in sync, every placement group is served, and nothing of that is about to change: a wish may be
    /// on its way when copies look whole.
    private void rest(String message) {
        final BooleanSupplier isAtRest = () -> wholeness.isWhole() && wholeness.isServed();
        require(isAtRest, message);
        world.run(REST_NS);
        require(isAtRest, message);
    }

    /// For [RepairCheck].
    private final class RepairCourse implements RepairCheck.Course {
        @Override
        public void work(int operations, long pauseNs) {
            served(gate()).forEach(each -> Objects.requireNonNull(each.guest()).work(operations, pauseNs));
            Simulation.this.require(Simulation.this::isIdle, "L1: operations never end", Simulation.this::pending);
        }

        @Override
        public void readAll() {
            sweep(BlockOperation.READ);
        }

        @Override
        public void rest(String message) {
            Simulation.this.rest(message);
        }

        @Override
        public void require(BooleanSupplier holds, String message) {
            Simulation.this.require(holds, message);
        }
    }

    private void require(BooleanSupplier holds, String message) {
        require(holds, message, () -> "");
    }

    private void require(BooleanSupplier holds, String message, Supplier<@Nullable String> details) {
        if (!world.runUntilSeldom(holds, LOOK_NS, LIVENESS_NS)) {
            throw new SimulationFailure(message + ": " + details.get());
        }
    }
}
