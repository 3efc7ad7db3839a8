package io.basalt.gate.rpc.method;

import io.basalt.gate.balance.Balancing;
import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.GateState;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ExportHost;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.ReactorHost;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.reactor.NanoClock;
import org.jspecify.annotations.Nullable;

/// All methods of a gate, and its configuration that they change. One owner: the control reactor.
public final class GateMethods {
    private final LiveConfiguration configuration;

    private GateMethods(LiveConfiguration configuration) {
        this.configuration = configuration;
    }

    /// Add the methods to a dispatcher.
    ///
    /// @param balancing moves queues between the reactors
    /// @param state loaded by [#restore()]
    /// @param clock for time stamps in answers
    /// @param cluster attaches volumes; null if the gate belongs to none
    public static GateMethods register(
            RpcDispatcher dispatcher,
            VolumeRegistry volumes,
            ControllerHost controllers,
            ReactorHost reactors,
            Balancing balancing,
            GateState state,
            GateLog log,
            GateSettings settings,
            NanoClock clock,
            @Nullable ClusterClient cluster) {
        final ChosenSettings chosen = new ChosenSettings();
        final LiveConfiguration configuration = new LiveConfiguration(chosen, volumes, controllers, state, dispatcher);
        // A guest that was promised write-through must find it again after a crash, so the promise is saved first.
        controllers.onChange(name -> configuration.trySave(LiveConfiguration.VHOST, name));
        new FrameworkMethods(reactors, settings, chosen, configuration).register(dispatcher);
        new SchedulerMethods(balancing, controllers, chosen, configuration).register(dispatcher);
        new LogMethods(log, chosen, configuration).register(dispatcher);
        new ConfigurationMethods(configuration, dispatcher).register();
        new VolumeMethods(volumes, configuration).register(dispatcher);
        new FaultMethods(volumes, configuration).register(dispatcher);
        new BasaltMethods(volumes, configuration, cluster).register(dispatcher);
        new BdevMethods(volumes, cluster).register(dispatcher);
        new QosMethods(volumes, configuration).register(dispatcher);
        new StatisticsMethods(volumes, clock).register(dispatcher);
        new LatencyMethods(volumes, chosen, configuration, clock, set -> cluster == null ? null : cluster.map(set))
                .register(dispatcher);
        final VhostMethods vhost = new VhostMethods(volumes, controllers, configuration, settings.socketDirectory());
        vhost.register(dispatcher);
        new ScsiMethods(volumes, controllers, configuration, vhost).register(dispatcher);
        return new GateMethods(configuration);
    }

    /// Add the methods of NBD exports, which become part of the configuration. Before [#restore()].
    public void exports(RpcDispatcher dispatcher, VolumeRegistry volumes, ExportHost exports, GateSettings settings) {
        configuration.exports(exports::list);
        new NbdMethods(volumes, exports, configuration, settings.socketDirectory()).register(dispatcher);
    }

    /// Tell somebody whenever the configuration was changed and saved.
    public void onSaved(Runnable saved) {
        configuration.onSaved(saved);
    }

    /// Bring back the configuration of the state file. What cannot be brought back is logged, kept in the file, and
    /// tried again by [#retry()].
    ///
    /// @return how many of its calls failed
    /// @throws io.basalt.gate.config.GateStateException if the file cannot be read; the gate must not start then
    public int restore() {
        return configuration.restore();
    }

    /// The configuration as `save_config` tells it, for another process to take over: JSON. What volumes have of
    /// their credit for bursts goes along.
    public String configuration() {
        return Json.pretty(GateState.configurationOf(configuration.entries(true)));
    }

    /// Bring back a configuration that another process has told. What cannot be brought back is logged and kept.
    ///
    /// @return how many of its calls failed
    /// @throws IllegalArgumentException if it is none
    public int restore(String told) {
        return configuration.restore(told);
    }

    /// The state file is this process's from now on.
    ///
    /// @throws io.basalt.gate.config.GateStateException if it cannot be read
    public void own() {
        configuration.own();
    }

    /// Try again what could not be brought back.
    ///
    /// @return how many calls still fail
    public int retry() {
        return configuration.retry();
    }

    /// How many of the state file's calls have failed so far.
    public int unappliedCount() {
        return configuration.unapplied().size();
    }
}
