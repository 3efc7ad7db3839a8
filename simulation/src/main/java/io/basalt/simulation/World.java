package io.basalt.simulation;

import io.basalt.net.sim.SimFaults;
import io.basalt.net.sim.SimNetwork;
import io.basalt.placement.ClusterMap;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Time, network, and the processes that live in it. Runs whoever has something to do, in an order drawn
/// from the seed, until all are idle; then time moves to the next event. One thread.
final class World implements AutoCloseable {
    private static final int TURNS_MAX = 100_000;

    private final SimClock clock = new SimClock();
    private final Arena arena = new RunMemory();
    private final SimRandom order;
    private final SimNetwork network;
    private final Trace trace = new Trace();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<SimReactor> reactors = new ArrayList<>();
    private final Map<String, HostClock> clocks = new HashMap<>();
    private final SimRandom rates;
    private final Coverage coverage = new Coverage();
    private Runnable watch = () -> {};
    private @Nullable MinCopies minCopies;
    private Runnable turnWatch = () -> {};
    private int driftPerMillion;
    private long eventNumber;

    /// When a reactor has something to do at the earliest, if all were asked since one has last had a turn.
    private long soonestNs;

    private boolean isSoonestKnown;

    private record Event(long atNs, long number, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return atNs == other.atNs ? Long.compare(number, other.number) : Long.compare(atNs, other.atNs);
        }
    }

    World(SimRandom random, SimFaults faults) {
        order = random.fork("order");
        rates = random.fork("clocks");
        network = new SimNetwork(clock, random.fork("network"), arena);
        network.faults(faults);
    }

    SimClock clock() {
        return clock;
    }

    long nowNs() {
        return clock.nanoTime();
    }

    /// Let the clocks of hosts that begin from now on be fast or slow by up to so much.
    void drift(int perMillion) {
        driftPerMillion = perMillion;
    }

    /// Let all clocks run as the world does from now on.
    void steadyClocks() {
        driftPerMillion = 0;
        clocks.values().forEach(HostClock::steady);
    }

    /// What a host takes for time; the same for every process that it ever has.
    HostClock clockOf(String host) {
        return clocks.computeIfAbsent(host, name -> {
            final SimRandom by = rates.fork(name);
            return driftPerMillion == 0
                    ? new HostClock(clock, 0, 0)
                    : new HostClock(
                            clock, by.between(0, Long.MAX_VALUE >>> 8), by.between(-driftPerMillion, driftPerMillion));
        });
    }

    /// What rare things were seen.
    Coverage coverage() {
        return coverage;
    }

    Arena arena() {
        return arena;
    }

    SimNetwork network() {
        return network;
    }

    Trace trace() {
        return trace;
    }

    /// Have something looked at whenever all have come to rest, before time goes on.
    void watch(Runnable newWatch) {
        watch = newWatch;
    }

    /// Have something looked at after each turn in which a reactor has done something.
    void watchTurns(Runnable newWatch) {
        turnWatch = newWatch;
    }

    /// Have it checked on how many copies changes are.
    void minCopies(MinCopies oracle) {
        minCopies = oracle;
    }

    /// A device acts by a map from now on.
    void told(int deviceId, ClusterMap map) {
        if (minCopies != null) {
            minCopies.told(deviceId, map);
        }
    }

    /// A guest hears that a change is done.
    ///
    /// @param beganNs when it was asked for
    void acknowledged(DiskHistory disk, long offset, long length, long beganNs) {
        if (minCopies != null) {
            minCopies.acknowledged(disk, offset, length, beganNs);
        }
    }

    /// Have something happen later.
    void after(long delayNs, Runnable what) {
        events.add(new Event(clock.nanoTime() + delayNs, eventNumber++, what));
    }

    void note(String what) {
        trace.note(clock.nanoTime(), what);
    }

    void add(SimReactor reactor) {
        reactors.add(reactor);
    }

    void remove(SimReactor reactor) {
        reactors.remove(reactor);
    }

    /// Let time pass until something holds.
    ///
    /// @return false if it does not hold when the time is up
    boolean runUntil(BooleanSupplier holds, long forNs) {
        final long untilNs = clock.nanoTime() + forNs;
        while (!holds.getAsBoolean()) {
            runReady();
            final long nextNs = nextNs();
            if (nextNs > untilNs) {
                clock.advanceTo(untilNs);
                runReady();
                return holds.getAsBoolean();
            }
            clock.advanceTo(Math.max(nextNs, clock.nanoTime()));
        }
        return true;
    }

    /// Let time pass until something holds that is dear to find out: it is asked once a while only.
    boolean runUntilSeldom(BooleanSupplier holds, long everyNs, long forNs) {
        final long untilNs = clock.nanoTime() + forNs;
        final long[] askedNs = {Long.MIN_VALUE};
        return runUntil(
                () -> {
                    final long nowNs = clock.nanoTime();
                    if (nowNs < untilNs && askedNs[0] != Long.MIN_VALUE && nowNs - askedNs[0] < everyNs) {
                        return false;
                    }
                    askedNs[0] = nowNs;
                    return holds.getAsBoolean();
                },
                forNs);
    }

    /// Let time pass.
    void run(long forNs) {
        runUntil(() -> false, forNs);
    }

    private void runReady() {
        int turns = 0;
        boolean worked = true;
        while (worked) {
            worked = false;
            while (!events.isEmpty() && events.peek().atNs <= clock.nanoTime()) {
                events.remove().what.run();
                worked = true;
            }
            final int from = reactors.isEmpty() ? 0 : order.below(reactors.size());
            final int count = reactors.size();
            isSoonestKnown = true;
            soonestNs = Long.MAX_VALUE;
            for (int index = 0; index < count && index < reactors.size(); index++) {
                final SimReactor reactor = reactors.get((from + index) % reactors.size());
                final long dueNs = reactor.dueNs();
                soonestNs = Math.min(soonestNs, dueNs);
                if (dueNs > clock.nanoTime()) {
                    continue;
                }
                isSoonestKnown = false;
                if (reactor.turn() > 0) {
                    worked = true;
                    turnWatch.run();
                }
            }
            if (++turns > TURNS_MAX) {
                throw new SimulationFailure("the processes never come to rest at " + clock.nanoTime() + " ns");
            }
        }
        trace.add(clock.nanoTime());
        watch.run();
    }

    private long nextNs() {
        long nextNs = events.isEmpty() ? Long.MAX_VALUE : events.peek().atNs;
        if (isSoonestKnown) {
            nextNs = Math.min(nextNs, soonestNs);
        } else {
            for (final SimReactor reactor : reactors) {
                nextNs = Math.min(nextNs, reactor.dueNs());
            }
        }
        // What says "now" and then does nothing waits for time to move at all.
        return nextNs <= clock.nanoTime() ? clock.nanoTime() + 1000 : nextNs;
    }

    @Override
    public void close() {
        arena.close();
    }
}
