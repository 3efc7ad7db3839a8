package io.basalt.gate.daemon;

import io.basalt.gate.controller.Controllers.DataReactor;
import io.basalt.gate.rpc.ReactorHost;
import io.basalt.gate.rpc.RpcError;
import io.basalt.linux.process.ProcessControl;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/// The gate's reactors: data reactors 0 and up, then the control reactor.
final class Reactors implements ReactorHost, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Reactors.class.getName());
    private static final long TIMER_SLACK_NS = 1_000;
    private static final int DATA_RING_ENTRIES = 1024;
    private static final int CONTROL_RING_ENTRIES = 256;

    private final List<ReactorThread> data = new ArrayList<>();
    private final List<Integer> cpus;
    private final ReactorThread control;

    /// @throws RuntimeException if a ring or thread cannot be had; those that were started are stopped again
    Reactors(GateOptions options) {
        cpus = options.cpus();
        try {
            for (int i = 0; i < options.reactorCount(); i++) {
                data.add(start("data-" + i, i, cpu(i), options.idleMode(), DATA_RING_ENTRIES));
            }
            control = start(
                    "control",
                    options.reactorCount(),
                    ReactorThread.UNPINNED,
                    IdleMode.INTERRUPT,
                    CONTROL_RING_ENTRIES);
        } catch (RuntimeException failure) {
            data.forEach(ReactorThread::close);
            throw failure;
        }
    }

    private int cpu(int reactor) {
        return cpus.isEmpty() ? ReactorThread.UNPINNED : cpus.get(reactor);
    }

    private static ReactorThread start(String name, int id, int cpu, IdleMode mode, int ringEntries) {
        final FaultHandler faults = (reactor, source, fault) ->
                LOG.log(Level.ERROR, reactor + " dropped " + source.getClass().getName() + " after a fault", fault);
        return ReactorThread.start(
                ReactorConfiguration.of(name, id).withIdleMode(mode),
                cpu,
                () -> engine(ringEntries),
                faults,
                ReactorThread.STOP_PROCESS);
    }

    /// In the reactor's thread, whose sleeps end when its timers are due and not the usual 50 us later.
    private static UringEngine engine(int ringEntries) {
        ProcessControl.timerSlack(TIMER_SLACK_NS);
        return UringEngine.open(ringEntries);
    }

    Reactor control() {
        return control.reactor();
    }

    List<DataReactor> data() {
        final List<DataReactor> all = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            all.add(new DataReactor(data.get(i).reactor(), cpu(i)));
        }
        return all;
    }

    @Override
    public List<Status> reactors() {
        final List<Status> all = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            all.add(status(data.get(i), cpu(i), false));
        }
        all.add(status(control, ReactorThread.UNPINNED, true));
        return all;
    }

    private static Status status(ReactorThread thread, int cpu, boolean control) {
        final Reactor reactor = thread.reactor();
        return new Status(
                reactor.id(),
                reactor.name(),
                cpu,
                thread.threadId(),
                control,
                reactor.idleMode(),
                reactor.pollerCount(),
                reactor.counters().snapshot());
    }

    @Override
    public void idleMode(int id, IdleMode mode) {
        if (id == control.reactor().id()) {
            throw RpcError.invalidParameter(
                    "lcore",
                    "reactor " + id + " is the control reactor, which always sleeps when idle",
                    "name a data reactor, 0 to " + (data.size() - 1) + ", or none for all of them");
        }
        data.get(id).reactor().idleMode(mode);
    }

    /// Processor time of the data reactors' threads so far, in nanoseconds.
    long dataCpuNs() {
        long sum = 0;
        for (final ReactorThread thread : data) {
            sum += thread.cpuClock().nowNs();
        }
        return sum;
    }

    /// Stop all threads. Nothing lives in the reactors any more.
    @Override
    public void close() {
        data.forEach(ReactorThread::close);
        control.close();
    }
}
