package io.basalt.gate.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.ReactorHost;
import io.basalt.gate.rpc.RpcError;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorCounters;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// A gate in virtual time, of which only the counters exist: four reactors, and queues that want shares
/// of one.
class BalancingTest {
    private static final BalanceSettings SETTINGS = BalanceSettings.DEFAULT;

    private final Model model = new Model();
    private final Balancing balancing = new Balancing(model, model, model);

    /// Queue number to the share of a reactor that it would use if it had one of its own, and where it
    /// is.
    private static final class Model implements Balancing.Later, ReactorHost, ControllerHost {
        final Map<Integer, Double> wants = new HashMap<>();
        final Map<Integer, Integer> places = new HashMap<>();
        final Map<Integer, Long> requests = new HashMap<>();
        final long[] busyNs = new long[4];
        final List<String> moves = new ArrayList<>();
        final Deque<Runnable> due = new ArrayDeque<>();

        @Nullable
        String refusal;

        long nowNs;

        void queue(int number, int reactor, double share) {
            wants.put(number, share);
            places.put(number, reactor);
            requests.put(number, 0L);
        }

        double wanted(int reactor) {
            return places.entrySet().stream()
                    .filter(place -> place.getValue() == reactor)
                    .mapToDouble(place -> wants.getOrDefault(place.getKey(), 0.0))
                    .sum();
        }

        /// Requests that are answered, per period, of all queues together.
        double throughput() {
            double sum = 0;
            for (int reactor = 0; reactor < busyNs.length; reactor++) {
                sum += Math.min(1, wanted(reactor));
            }
            return sum;
        }

        void pass(int periods) {
            for (int i = 0; i < periods; i++) {
                nowNs += SETTINGS.periodNs();
                for (int reactor = 0; reactor < busyNs.length; reactor++) {
                    final double wanted = wanted(reactor);
                    busyNs[reactor] += (long) (Math.min(1, wanted) * SETTINGS.periodNs());
                    final int here = reactor;
                    places.forEach((queue, place) -> {
                        if (place == here) {
                            final double share = wants.getOrDefault(queue, 0.0) / Math.max(1, wanted);
                            requests.merge(queue, (long) (share * 100_000), Long::sum);
                        }
                    });
                }
                List.copyOf(due).forEach(command -> {
                    due.remove(command);
                    command.run();
                });
            }
        }

        @Override
        public Runnable run(long delayNs, Runnable command) {
            assertThat(delayNs).isEqualTo(SETTINGS.periodNs());
            due.add(command);
            return () -> due.remove(command);
        }

        @Override
        public List<Status> reactors() {
            final List<Status> all = new ArrayList<>();
            for (int id = 0; id < busyNs.length; id++) {
                final ReactorCounters.Snapshot counters =
                        new ReactorCounters.Snapshot(busyNs[id], nowNs - busyNs[id], 0, 0, 0, 0, 0, 0, 0);
                all.add(new Status(id, "data-" + id, -1, 1, false, IdleMode.ADAPTIVE, 1, counters));
            }
            return all;
        }

        @Override
        public List<ControllerStatus> list() {
            final List<ControllerStatus.Queue> queues = new ArrayList<>();
            places.forEach((queue, reactor) -> queues.add(new ControllerStatus.Queue(
                    queue, "RUNNING", reactor, 128, 0, requests.getOrDefault(queue, 0L), 0, 0, 0, "")));
            final ControllerSpec spec =
                    new ControllerSpec("vm", "disk", Path.of("/vm"), ControllerSpec.Mode.SERVER, false, false, "", 0);
            return List.of(new ControllerStatus(
                    spec,
                    "0xf",
                    64,
                    0,
                    0,
                    true,
                    List.of(new ControllerStatus.Session(1, "READY", true, 0, 0, queues))));
        }

        @Override
        public void moveQueue(String name, int queue, int reactor, Consumer<@Nullable String> moved) {
            if (refusal == null) {
                moves.add(queue + " to " + reactor);
                places.put(queue, reactor);
                requests.put(queue, 0L);
            }
            moved.accept(refusal);
        }

        @Override
        public void idleMode(int id, IdleMode mode) {
            throw new AssertionError();
        }

        @Override
        public void create(ControllerSpec spec) {
            throw new AssertionError();
        }

        @Override
        public void delete(String name, Consumer<@Nullable RpcError> completion) {
            throw new AssertionError();
        }

        @Override
        public void coalescing(String name, int delayBaseUs, int iopsThreshold) {
            throw new AssertionError();
        }

        @Override
        public int addTarget(String name, int number, String volume) {
            throw new AssertionError();
        }

        @Override
        public void removeTarget(String name, int number, Consumer<@Nullable RpcError> completion) {
            throw new AssertionError();
        }

        @Override
        public void writeback(String name, boolean enabled) {
            throw new AssertionError();
        }

        @Override
        public void onChange(ChangeListener listener) {
            throw new AssertionError();
        }
    }

    @Test
    void aHotSpotSpreadsOverAllReactorsAndThenNothingMovesAnyMore() {
        for (int queue = 0; queue < 8; queue++) {
            model.queue(queue, 1, 0.4);
        }
        balancing.start(SETTINGS);
        assertThat(model.throughput()).isEqualTo(1);
        model.pass(200);
        assertThat(model.throughput()).isGreaterThanOrEqualTo(3.0);
        final int before = model.moves.size();
        assertThat(before).isLessThanOrEqualTo(8);
        assertThat(balancing.moves()).isEqualTo(before);
        model.pass(1000);
        assertThat(model.moves).as("no ping-pong").hasSize(before);
    }

    @Test
    void nothingMovesWhileNobodyIsTooBusyOrWhenItIsSwitchedOff() {
        model.queue(0, 0, 0.45);
        model.queue(1, 0, 0.4);
        balancing.start(SETTINGS);
        model.pass(100);
        model.queue(2, 0, 0.4);
        balancing.start(new BalanceSettings(false, SETTINGS.periodNs(), 50, 80, 90, 5));
        model.pass(100);
        assertThat(model.moves).isEmpty();
        balancing.start(SETTINGS);
        model.pass(6);
        assertThat(model.moves).hasSize(1);
    }

    @Test
    void aQueueThatMayNotMoveIsLeftAloneForAWhile() {
        model.queue(0, 0, 0.6);
        model.queue(1, 0, 0.6);
        model.refusal = "the controller may not use reactor 1";
        balancing.start(SETTINGS);
        model.pass(QueueBalancer.REST_LOOKS);
        assertThat(balancing.failures()).isEqualTo(2);
        assertThat(balancing.moves()).isZero();
    }

    /// Loads that change at random, again and again: whatever moves, a queue that has moved stays for a
    /// while, and what is in balance does not move.
    @Test
    void whateverTheLoadsDoMovesAreFewAndHelp() {
        final Random random = new Random(7);
        for (int queue = 0; queue < 12; queue++) {
            model.queue(queue, random.nextInt(4), 0);
        }
        balancing.start(SETTINGS);
        double before = 0;
        double after = 0;
        for (int round = 0; round < 200; round++) {
            for (int queue = 0; queue < 12; queue++) {
                model.wants.put(queue, random.nextInt(3) == 0 ? random.nextDouble() * 0.6 : 0.01);
            }
            before += model.throughput();
            final int moves = model.moves.size();
            model.pass(60);
            assertThat(model.moves.size() - moves).isLessThanOrEqualTo(12);
            after += model.throughput();
        }
        assertThat(after).isGreaterThan(before);
        assertThat(balancing.failures()).isZero();
    }
}
