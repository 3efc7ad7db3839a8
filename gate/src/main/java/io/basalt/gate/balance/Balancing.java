package io.basalt.gate.balance;

import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.ReactorHost;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Looks at reactors and queues once a period, and moves the queue that [QueueBalancer] names. Control
/// reactor.
///
/// A request counts as one cost, and each 32 KiB of its data as another.
public final class Balancing {
    private static final System.Logger LOG = System.getLogger(Balancing.class.getName());
    private static final double BYTES_OF_A_REQUEST = 32 << 10;

    private final Later later;
    private final ReactorHost reactors;
    private final ControllerHost controllers;
    private final Map<Integer, long[]> reactorsBefore = new HashMap<>();
    private final Map<String, Double> costsBefore = new HashMap<>();
    private QueueBalancer balancer = new QueueBalancer();
    private BalanceSettings settings = BalanceSettings.DEFAULT;
    private @Nullable Runnable cancel;
    private boolean moving;
    private long moves;
    private long failures;

    /// The control reactor's timers.
    @FunctionalInterface
    public interface Later {
        /// Run a command once, after a delay in nanoseconds.
        ///
        /// @return what cancels that
        Runnable run(long delayNs, Runnable command);
    }

    /// Does nothing before [#start].
    public Balancing(Later later, ReactorHost reactors, ControllerHost controllers) {
        this.later = later;
        this.reactors = reactors;
        this.controllers = controllers;
    }

    /// When queues move.
    public BalanceSettings settings() {
        return settings;
    }

    /// Queues moved so far.
    public long moves() {
        return moves;
    }

    /// Moves that came to nothing.
    public long failures() {
        return failures;
    }

    /// Begin, or go on with other settings.
    public void start(BalanceSettings next) {
        settings = next;
        final Runnable stop = cancel;
        if (stop != null) {
            stop.run();
        }
        balancer = new QueueBalancer();
        look(false);
        cancel = next.on() ? later.run(next.periodNs(), this::due) : null;
    }

    private void due() {
        cancel = later.run(settings.periodNs(), this::due);
        look(!moving);
    }

    private void look(boolean decide) {
        final List<ReactorLoad> reactorLoads = reactorLoads();
        final List<QueueLoad> queueLoads = queueLoads();
        final QueueMove move = decide ? balancer.look(settings, reactorLoads, queueLoads) : null;
        if (move != null) {
            move(move, reactorLoads);
        }
    }

    private List<ReactorLoad> reactorLoads() {
        final List<ReactorLoad> loads = new ArrayList<>();
        for (final ReactorHost.Status reactor : reactors.reactors()) {
            final long[] now = {reactor.counters().busyNs(), reactor.counters().idleNs()};
            final long[] before = reactorsBefore.put(reactor.id(), now);
            if (!reactor.control() && before != null) {
                final double busyNs = now[0] - before[0];
                loads.add(new ReactorLoad(reactor.id(), busyNs / Math.max(1, busyNs + now[1] - before[1])));
            }
        }
        return loads;
    }

    private List<QueueLoad> queueLoads() {
        final List<QueueLoad> loads = new ArrayList<>();
        final Map<String, Double> now = new HashMap<>();
        for (final ControllerStatus controller : controllers.list()) {
            if (controller.sessions().isEmpty()) {
                continue;
            }
            // The first session is the one whose rings run.
            for (final ControllerStatus.Queue queue :
                    controller.sessions().getFirst().queues()) {
                final String name = controller.spec().name();
                final String key = name + " " + queue.index() + " " + queue.reactor();
                final double cost = queue.requests() + queue.bytes() / BYTES_OF_A_REQUEST;
                final double since = cost - costsBefore.getOrDefault(key, cost);
                now.put(key, cost);
                // Counters begin anew when a queue does.
                loads.add(new QueueLoad(name, queue.index(), queue.reactor(), since < 0 ? cost : since));
            }
        }
        costsBefore.clear();
        costsBefore.putAll(now);
        return loads;
    }

    private void move(QueueMove move, List<ReactorLoad> loads) {
        final QueueLoad queue = move.load();
        moving = true;
        controllers.moveQueue(queue.controller(), queue.queue(), move.target(), refusal -> {
            moving = false;
            if (refusal == null) {
                moves++;
            } else {
                failures++;
            }
            LOG.log(
                    Level.INFO,
                    "controller={0} queue {1} moves from reactor {2} to {3}, of loads {4}: {5}",
                    queue.controller(),
                    queue.queue(),
                    queue.reactor(),
                    move.target(),
                    words(loads),
                    refusal == null ? "done" : refusal);
        });
    }

    private static String words(List<ReactorLoad> loads) {
        final StringBuilder words = new StringBuilder();
        for (final ReactorLoad load : loads) {
            words.append(words.isEmpty() ? "" : ", ")
                    .append(load.id())
                    .append(": ")
                    .append(Math.round(load.busy() * 100))
                    .append('%');
        }
        return words.toString();
    }
}
