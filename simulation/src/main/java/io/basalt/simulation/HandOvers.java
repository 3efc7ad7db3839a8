package io.basalt.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A gate that is handed over from process to process under its machines: who asks for that and when, who
/// starts a gate anew if none is left, and the oracles of all that (H1 to H7, see `docs/SIMULATION.md`).
final class HandOvers implements Machine.Host {
    private static final String HOST = "gate1";
    private static final long MS_NS = 1_000_000;
    private static final long FIRST_NS = 50 * MS_NS;
    private static final long RETRY_NS = 10 * MS_NS;
    private static final long RESTART_NS = 30 * MS_NS;

    private final World world;
    private final SimRandom random;
    private final Scenario scenario;
    private final Plan plan;
    private final UUID uuid;
    private final Descriptors descriptors = new Descriptors();
    private final File lock = new File();
    private final File rpcListener = new File();
    private final List<Machine> machines = new ArrayList<>();
    private final List<RingGate> gates = new ArrayList<>();
    private final Map<Machine, Tenures> tenures = new HashMap<>();
    private long lastTenure;
    private int planned;
    private int begun;
    private boolean isHealed;
    private boolean isRestarting;

    private @Nullable HandOver current;

    /// An open file of which only matters who has it.
    private static final class File implements Descriptors.OpenFile {
        @Override
        public void closed() {}
    }

    /// Who has run a disk, one process after the other; one process twice if it was away in between.
    private static final class Tenures {
        final List<Long> all = new ArrayList<>();
        long answered;
        int generation;
    }

    HandOvers(World world, SimRandom random, Scenario scenario, Plan plan) {
        this.world = world;
        this.random = random;
        this.scenario = scenario;
        this.plan = plan;
        uuid = new UUID(1, random.nextLong());
        world.watchTurns(this::look);
    }

    Descriptors descriptors() {
        return descriptors;
    }

    /// The lock of the gate's data folder.
    Descriptors.OpenFile lock() {
        return lock;
    }

    /// The socket that management calls come in by.
    Descriptors.OpenFile rpcListener() {
        return rpcListener;
    }

    /// Begin: a machine for each volume, and a gate.
    void start(List<DiskHistory> disks) {
        for (final DiskHistory disk : disks) {
            final SimRandom by = random.fork(disk.volumeName());
            final Machine machine = new Machine(world, by, scenario, plan, disk, by.chance(80), this);
            machines.add(machine);
            tenures.put(machine, new Tenures());
        }
        newGate().begin();
        machines.forEach(machine -> machine.guest()
                .work(scenario.load().operations(), scenario.load().pauseNs()));
        for (int time = 1; time <= scenario.handOvers(); time++) {
            final String key = "hand-over-" + time;
            final SimRandom by = random.fork(key);
            final long atNs = by.between(FIRST_NS, scenario.load().faultsNs());
            if (plan.has(key)) {
                planned++;
                world.after(atNs, () -> handOver(by));
            }
        }
    }

    /// A process on the gate's host.
    RingGate newGate() {
        final int number = gates.size() + 1;
        final RingGate made =
                new RingGate(world, random.fork("gate" + number), scenario, this, number, HOST, uuid, machines);
        gates.add(made);
        return made;
    }

    /// The process that is the gate, or the newest if none is.
    RingGate gate() {
        for (final RingGate each : gates) {
            if (each.isTheGate()) {
                return each;
            }
        }
        return gates.getLast();
    }

    List<RingGate> gates() {
        return gates;
    }

    List<Machine> machines() {
        return machines;
    }

    // The operator, and who watches over the gate.

    private void handOver(SimRandom by) {
        if (isHealed) {
            return;
        }
        final RingGate gate = gate();
        if ((current != null && !current.isOver()) || !gate.isTheGate()) {
            world.after(RETRY_NS, () -> handOver(by));
            return;
        }
        begun++;
        current = new HandOver(world, by, HandOverPlan.of(by), this, gate);
    }

    /// Whether every hand-over that was planned has come to its end.
    boolean areOver() {
        return begun == planned && (current == null || current.isOver());
    }

    /// A process has ended: the kernel closes what it had, and a gate is begun anew if none is left.
    void ended(RingGate gate) {
        descriptors.ended(gate.process().process());
        restartIfNoneIsLeft();
    }

    private void restartIfNoneIsLeft() {
        if (isRestarting || descriptors.isOpen(lock)) {
            return;
        }
        isRestarting = true;
        world.after(random.between(1, RESTART_NS), () -> {
            isRestarting = false;
            // A process that is still on its way to be the gate has the lock, or will find nobody.
            if (!descriptors.isOpen(lock)) {
                world.coverage().saw(Sighting.GATE_RESTARTED);
                newGate().begin();
            }
        });
    }

    /// No more hand-overs; those under way come to their end.
    void heal() {
        isHealed = true;
        machines.forEach(Machine::quiet);
    }

    // Machines.

    @Override
    public @Nullable RingGate listener(Machine machine) {
        RingGate found = null;
        for (final RingGate each : gates) {
            if (!each.isGone() && each.disk(machine.disk().volumeName()).accepts()) {
                if (found != null) {
                    throw new SimulationFailure("H5: " + found + " and " + each + " both listen");
                }
                found = each;
            }
        }
        return found;
    }

    @Override
    public void readable(Machine machine) {
        for (final RingGate each : gates) {
            if (!each.isGone()) {
                each.readable(machine);
            }
        }
    }

    // Oracles.

    private void look() {
        final HandOver under = current;
        if (under != null) {
            under.look();
        }
        for (int index = Math.max(0, gates.size() - 3); index < gates.size(); index++) {
            gates.get(index).look();
        }
        for (final Machine machine : machines) {
            checkReader(machine);
        }
    }

    /// One process reads a front end.
    private void checkReader(Machine machine) {
        RingGate found = null;
        for (final RingGate each : gates) {
            if (!each.isGone() && each.disk(machine.disk().volumeName()).readsFront()) {
                if (found != null) {
                    throw new SimulationFailure("H5: " + found + " and " + each + " both read the front end of "
                            + machine.disk().volumeName());
                }
                found = each;
            }
        }
    }

    /// Another process, or the same once more, is about to attach a machine's volume.
    long newTenure(Machine machine) {
        of(machine).all.add(++lastTenure);
        return lastTenure;
    }

    private Tenures of(Machine machine) {
        return Objects.requireNonNull(tenures.get(machine));
    }

    /// A volume was attached: what was asked for under older attachments takes no effect any more.
    void attached(RingGate gate, Machine machine, long tenure, int generation) {
        world.note(gate + ": " + machine.disk().volumeName() + " is attached, generation " + generation);
        final long at = machine.disk().history().event();
        for (final long each : of(machine).all) {
            if (each != tenure) {
                machine.guest().superseded(each, at);
            }
        }
    }

    /// A request was executed: under an attachment that is newer than those of all who ran the disk before, or
    /// that was left to the process by the one before.
    void answered(RingGate gate, Machine machine, long tenure, int generation, boolean inherited) {
        final Tenures known = of(machine);
        if (tenure < known.answered) {
            throw new SimulationFailure("H2: " + gate + " answers after another process has run the disk");
        }
        if (tenure > known.answered) {
            if (inherited ? generation < known.generation : generation <= known.generation) {
                throw new SimulationFailure("H3: " + gate + " executes requests under generation " + generation
                        + ", as another process has done before");
            }
            known.answered = tenure;
        }
        known.generation = Math.max(known.generation, generation);
    }

    /// Whether one process is the gate, serves every machine, and no other is left.
    boolean isSettled() {
        final long living = gates.stream().filter(each -> !each.isGone()).count();
        final RingGate gate = gate();
        return living == 1
                && gate.isTheGate()
                && (current == null || current.isOver())
                && gate.disks().stream().allMatch(RingDisk::isAttached)
                && machines.stream().allMatch(Machine::isConnected);
    }

    /// How everything stands, for people.
    String describe() {
        final StringBuilder text = new StringBuilder();
        gates.stream()
                .filter(each -> !each.isGone())
                .forEach(each -> text.append(each.describe()).append("; "));
        if (current != null && !current.isOver()) {
            text.append(current.describe());
        }
        machines.forEach(each -> text.append("; ").append(each.describe()));
        return text.toString();
    }
}
