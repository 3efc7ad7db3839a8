package io.basalt.endtoend.fuzz;

import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Attacks on one gate, phase after phase, with a witness beside them; after each phase the gate must be as it was.
///
/// What must hold, all the time: the witness's requests are answered in bounded time and verify; management
/// requests are answered in bounded time. After each phase: no session, descriptor, mapping or thread is left
/// over, and the gate has logged no error of its own. At the end: neither the objects that a full collection
/// leaves nor the resident private memory have grown by more than a bound since the first round of phases, in
/// which the Java machine reaches its working size; the gate ends with status 0 on SIGTERM although a front end
/// is attached.
final class Campaign implements AutoCloseable {
    /// What live objects may grow by: what clients and queues keep at a given moment comes and goes, a leak of a
    /// hundred bytes in each strike of a soak does not.
    private static final long HEAP_GROWTH_BYTES_MAX = 8L << 20;
    /// What private memory may grow by, most of it in compiled code and in a heap that shrinks late.
    private static final long RESIDENT_GROWTH_BYTES_MAX = 96L << 20;

    private static final Duration MANAGEMENT_BOUND = Duration.ofMinutes(1);
    private static final Duration SETTLE_BOUND = Duration.ofMinutes(2);
    private static final Duration STRIKE_BOUND = Duration.ofMinutes(5);
    private static final long LOOK_NS = 100_000_000;
    private static final long STEP = 0x9e3779b97f4a7c15L;
    /// Strikes with which the gate loads its classes and makes its tables before anything is counted.
    private static final int WARM_UP_STRIKES = 12;
    private static final int LOOKS_AT_REST = 20;

    private final long seed;
    private final TestFolder folder;
    private final FuzzedGate gate;
    private final OddDescriptors odd;
    private final List<Phase> phases;
    private final AtomicLong strikes = new AtomicLong();
    private long witnessRequests;
    private ProcessResources before;
    private Size sizeAfterFirstRound = new Size(0, 0);

    /// A set of attacks that go on at the same time.
    private record Phase(String name, List<Attack> attacks) {}

    /// How much memory the gate has: objects in use, and all that is resident and not shared.
    private record Size(long heapBytes, long residentBytes) {}

    private Campaign(long seed, TestFolder folder, FuzzedGate gate) throws IOException {
        this.seed = seed;
        this.folder = folder;
        this.gate = gate;
        this.odd = new OddDescriptors(folder.path());
        this.phases = phases();
        this.before = ProcessResources.of(gate.pid());
    }

    static Campaign start(long seed) throws IOException {
        final TestFolder folder = TestFolder.create();
        final FuzzedGate gate = FuzzedGate.start(folder);
        return new Campaign(seed, folder, gate);
    }

    private List<Phase> phases() throws IOException {
        final Function<RandomGenerator, String> fixed = random -> Chance.of(random, FuzzedGate.TARGETS);
        final List<String> all = ChurnAttack.victims();
        final Function<RandomGenerator, String> any = random -> Chance.of(random, all);
        final Attack messages = new MessageAttack(gate, odd, fixed);
        final Attack rings = new RingAttack(gate, fixed, true);
        final Attack memory = new MemoryAttack(gate, odd, fixed);
        final Attack storm = new StormAttack(gate, odd, fixed);
        final Attack stall = new StallAttack(gate, fixed);
        final Attack rpc = new RpcAttack(gate);
        final Attack churn = new ChurnAttack(gate);
        final Attack disturbedRings = new RingAttack(gate, any, false);
        final Attack disturbedMemory = new MemoryAttack(gate, odd, any);
        return List.of(
                new Phase("messages", List.of(messages, messages, storm)),
                new Phase("rings", List.of(rings, rings)),
                new Phase("memory", List.of(memory, memory)),
                new Phase("stalls", List.of(stall, stall)),
                new Phase("management", List.of(rpc, rpc, churn, disturbedRings, disturbedRings)),
                new Phase(
                        "everything",
                        List.of(
                                rpc,
                                churn,
                                churn,
                                disturbedRings,
                                disturbedMemory,
                                new MessageAttack(gate, odd, any))));
    }

    // ---- the course of it

    /// Runs all phases in turn, again and again, until the time is up.
    ///
    /// @param phaseTime of each phase
    void run(Duration total, Duration phaseTime) throws IOException, InterruptedException {
        final long end = System.nanoTime() + total.toNanos();
        warmUp();
        for (int round = 0; round == 0 || System.nanoTime() - end < 0; round++) {
            for (int number = 0; number < phases.size() && (round == 0 || System.nanoTime() - end < 0); number++) {
                runPhase(phases.get(number), round, number, phaseTime);
            }
            if (round == 0) {
                sizeAfterFirstRound = size();
            }
        }
    }

    private Size size() throws IOException, InterruptedException {
        // The collection comes first: it gives back what the heap does not need.
        final long heapBytes = gate.liveHeapBytes();
        return new Size(heapBytes, ProcessResources.of(gate.pid()).residentBytes());
    }

    private void warmUp() throws IOException, InterruptedException {
        for (int number = 0; number < phases.size(); number++) {
            for (final Attack attack :
                    phases.get(number).attacks().stream().distinct().toList()) {
                for (int i = 0; i < WARM_UP_STRIKES; i++) {
                    warmUp(attack, seed + (i + 1) * STEP + number);
                }
            }
        }
        Witness.start(gate.socket(FuzzedGate.WITNESS), Duration.ofMillis(200), true, seed)
                .join();
        gate.restore();
        awaitNoSessions();
        gate.liveHeapBytes();
        before = atRest();
    }

    /// What the gate holds once that no longer changes: a connection that was closed here may be open there for
    /// a moment.
    private ProcessResources atRest() throws IOException {
        final ProcessResources[] last = {ProcessResources.of(gate.pid())};
        final int[] same = {0};
        Watch.until("the gate comes to rest", SETTLE_BOUND, () -> {
            final ProcessResources now = holdings();
            same[0] = now.sameHoldings(last[0]) ? same[0] + 1 : 0;
            last[0] = now;
            return same[0] >= LOOKS_AT_REST;
        });
        return last[0];
    }

    private ProcessResources holdings() {
        try {
            return ProcessResources.of(gate.pid());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void warmUp(Attack attack, long strikeSeed) throws IOException {
        try {
            attack.strike(Seeds.random(strikeSeed));
        } catch (AssertionError | RuntimeException failure) {
            throw failed(name(attack, strikeSeed) + ": " + failure.getMessage(), failure);
        }
    }

    private static String name(Attack attack, long strikeSeed) {
        return attack.getClass().getSimpleName() + " " + Seeds.text(strikeSeed);
    }

    private void runPhase(Phase phase, int round, int number, Duration time) throws IOException, InterruptedException {
        final long strikesBefore = strikes.get();
        final long startNs = System.nanoTime();
        final Witness witness =
                Witness.start(gate.socket(FuzzedGate.WITNESS), time, ((round + number) & 1) != 0, seed + round);
        final List<Attacker> attackers = new ArrayList<>();
        for (int i = 0; i < phase.attacks().size(); i++) {
            attackers.add(
                    new Attacker(phase, i, phase.attacks().get(i), seed + STEP * (round * 1000L + number * 100L + i)));
        }
        attackers.forEach(attacker -> attacker.thread.start());
        try {
            while (System.nanoTime() - startNs < time.toNanos()) {
                look(witness, attackers);
                LockSupport.parkNanos(LOOK_NS);
            }
        } finally {
            attackers.forEach(attacker -> attacker.ending = true);
        }
        for (final Attacker attacker : attackers) {
            if (!attacker.thread.join(STRIKE_BOUND)) {
                throw failed(
                        "an attack in phase " + phase.name() + " does not come to its end: "
                                + List.of(attacker.thread.getStackTrace()),
                        null);
            }
        }
        look(witness, attackers);
        witnessRequests += witness.join();
        gate.restore();
        checkAfter(phase);
        System.out.println("fuzz: round " + round + ", " + phase.name() + ": " + (strikes.get() - strikesBefore)
                + " strikes, " + (System.nanoTime() - startNs) / 1_000_000 + " ms, slowest " + slowest(attackers)
                + ", gate has " + (ProcessResources.of(gate.pid()).residentBytes() >> 20) + " MiB");
    }

    private static String slowest(List<Attacker> attackers) {
        final Attacker slowest = attackers.stream()
                .max(Comparator.comparingLong(attacker -> attacker.slowestNs))
                .orElseThrow();
        return slowest.slowest + " with " + slowest.slowestNs / 1_000_000 + " ms";
    }

    /// Strikes again and again in a thread of its own, each time with a generator of its own.
    private final class Attacker {
        final Thread thread;
        final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        volatile boolean ending;
        volatile String current = "";
        /// The strike that took longest; to be read when the thread has ended.
        String slowest = "";
        long slowestNs;

        Attacker(Phase phase, int number, Attack attack, long attackSeed) {
            thread = Thread.ofPlatform()
                    .daemon()
                    .name("attacker " + phase.name() + " " + number)
                    .unstarted(() -> {
                        final RandomGenerator seeds = Seeds.random(attackSeed);
                        try {
                            while (!ending) {
                                final long strikeSeed = seeds.nextLong();
                                current = name(attack, strikeSeed);
                                final long startNs = System.nanoTime();
                                attack.strike(Seeds.random(strikeSeed));
                                strikes.incrementAndGet();
                                if (System.nanoTime() - startNs > slowestNs) {
                                    slowestNs = System.nanoTime() - startNs;
                                    slowest = current;
                                }
                            }
                        } catch (RuntimeException | Error failed) {
                            failure.set(failed);
                        }
                    });
        }
    }

    // ---- what must hold

    private void look(Witness witness, List<Attacker> attackers) throws IOException {
        if (!gate.isAlive()) {
            throw failed(
                    "the gate has ended, during "
                            + attackers.stream()
                                    .map(attacker -> attacker.current)
                                    .toList(),
                    null);
        }
        for (final Attacker attacker : attackers) {
            final Throwable failure = attacker.failure.get();
            if (failure != null) {
                throw failed(attacker.current + ": " + failure.getMessage(), failure);
            }
        }
        try {
            witness.check();
        } catch (AssertionError stalled) {
            throw failed(String.valueOf(stalled.getMessage()), stalled);
        }
        final long askedNs = System.nanoTime();
        gate.call("spdk_get_version", "{}");
        if (System.nanoTime() - askedNs > MANAGEMENT_BOUND.toNanos()) {
            throw failed("a management request took longer than " + MANAGEMENT_BOUND, null);
        }
    }

    private void checkAfter(Phase phase) throws IOException {
        awaitNoSessions();
        final ProcessResources[] now = {before};
        try {
            Watch.until("everything is given back", SETTLE_BOUND, () -> {
                now[0] = holdings();
                return now[0].sameHoldings(before);
            });
        } catch (AssertionError leaked) {
            throw failed(
                    "after phase " + phase.name() + " the gate holds\n" + now[0] + "\nbefore it held\n" + before,
                    leaked);
        }
        final List<String> errors = gate.output().errors();
        if (!errors.isEmpty()) {
            throw failed(
                    "in phase " + phase.name() + " the gate logged errors of its own:\n" + String.join("\n", errors),
                    null);
        }
    }

    private void awaitNoSessions() {
        Watch.until("all sessions are over", SETTLE_BOUND, () -> gate.sessions() == 0, gate.output()::tail);
    }

    /// Judges the growth of memory, and ends the gate while a front end is attached.
    void finish() throws IOException, InterruptedException {
        final Size now = size();
        final long heapGrowth = now.heapBytes() - sizeAfterFirstRound.heapBytes();
        final long residentGrowth = now.residentBytes() - sizeAfterFirstRound.residentBytes();
        System.out.println("fuzz: " + strikes + " strikes; the witness had " + witnessRequests
                + " requests answered; the gate has " + now + ", grown by " + heapGrowth + " and " + residentGrowth);
        if (heapGrowth > HEAP_GROWTH_BYTES_MAX || residentGrowth > RESIDENT_GROWTH_BYTES_MAX) {
            throw failed("since the first round the gate has grown from " + sizeAfterFirstRound + " to " + now, null);
        }
        endWithAFrontEndAttached();
    }

    private void endWithAFrontEndAttached() throws IOException, InterruptedException {
        final RandomGenerator random = Seeds.random(seed);
        try (GuestKit kit = new GuestKit(random, false);
                WireClient client = WireClient.tryConnect(gate.socket(FuzzedGate.TARGETS.getFirst()))) {
            if (client == null) {
                throw failed("nobody listens for front ends any more", null);
            }
            try (FrontEndSession session = new FrontEndSession(random, kit, client)) {
                session.agree(0);
                session.start();
                session.serve();
                final int status = gate.terminate();
                if (status != 0 || !gate.output().errors().isEmpty()) {
                    throw failed(
                            "the gate ended with status " + status + " and errors "
                                    + gate.output().errors(),
                            null);
                }
            }
        }
    }

    private AssertionError failed(String what, @Nullable Throwable cause) throws IOException {
        return new AssertionError(
                what + "\nseed " + Seeds.text(seed) + ", replay with -D" + Seeds.PROPERTY + "=" + Seeds.text(seed)
                        + "\n--- gate\n" + gate.report(),
                cause);
    }

    @Override
    public void close() {
        gate.close();
        odd.close();
        folder.close();
    }
}
