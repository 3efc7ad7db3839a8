package io.basalt.gate.rpc.method;

import io.basalt.gate.balance.BalanceSettings;
import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.rpc.Json;
import io.basalt.reactor.IdleMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// The settings of the process that an operator has chosen while it ran, and that outlive it: how
/// reactors idle, when queues move, how much is logged, and what is slow. What nobody chose is left to the command
/// line. One owner: the control reactor.
final class ChosenSettings {
    /// The method that chooses an idle mode.
    static final String SET_IDLE = "framework_set_idle";
    /// The method that chooses a log level.
    static final String SET_LEVEL = "log_set_level";

    /// The object of the log level, as [LiveConfiguration#changed] is told of it.
    static final String LEVEL = "log";
    /// The object of the choice when queues move.
    static final String SCHEDULER = "scheduler";
    /// The object of what is a slow request.
    static final String SLOW = "slow_io";
    /// The object of all reactors' idle mode.
    static final String IDLE = "idle";

    private final Map<Integer, IdleMode> idleByReactor = new TreeMap<>();
    private @Nullable IdleMode idle;
    private @Nullable LogLevel level;
    private @Nullable BalanceSettings scheduler;
    private @Nullable Long slowMs;

    /// All data reactors idle like this; what was chosen for single ones is over.
    void idle(IdleMode mode) {
        idleByReactor.clear();
        idle = mode;
    }

    /// One reactor idles like this.
    void idle(int reactor, IdleMode mode) {
        idleByReactor.put(reactor, mode);
    }

    /// So much is logged.
    void level(LogLevel chosen) {
        level = chosen;
    }

    /// Queues move like this.
    void scheduler(BalanceSettings settings) {
        scheduler = settings;
    }

    /// Requests are slow from so many milliseconds on; 0 if none ever is.
    void slowMs(long ms) {
        slowMs = ms;
    }

    /// The calls that bring the choices back.
    List<ConfigEntry> entries() {
        final List<ConfigEntry> entries = new ArrayList<>();
        if (level != null) {
            entries.add(entry(SET_LEVEL, Json.object().put("level", level.name())));
        }
        if (idle != null) {
            entries.add(entry(SET_IDLE, Json.object().put("mode", word(idle))));
        }
        final BalanceSettings moving = scheduler;
        if (moving != null) {
            entries.add(entry(
                    SchedulerMethods.SET_SCHEDULER,
                    Json.object()
                            .put("name", moving.on() ? "dynamic" : "static")
                            .put("period", moving.periodNs() / 1_000)
                            .put("load_limit", moving.idleBelowPercent())
                            .put("core_limit", moving.filledToPercent())
                            .put("core_busy", moving.busyAbovePercent())
                            .put("periods", moving.periods())));
        }
        if (slowMs != null) {
            entries.add(entry(LatencyMethods.SET_SLOW, Json.object().put("threshold_ms", slowMs.longValue())));
        }
        idleByReactor.forEach((reactor, mode) -> entries.add(
                entry(SET_IDLE, Json.object().put("mode", word(mode)).put("lcore", reactor.intValue()))));
        return entries;
    }

    private static ConfigEntry entry(String method, ObjectNode parameters) {
        return new ConfigEntry(LiveConfiguration.FRAMEWORK, method, parameters);
    }

    private static String word(IdleMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    /// The object of a call.
    static String objectOf(String method, ObjectNode parameters) {
        if (method.equals(SET_LEVEL)) {
            return LEVEL;
        }
        if (method.equals(SchedulerMethods.SET_SCHEDULER)) {
            return SCHEDULER;
        }
        if (method.equals(LatencyMethods.SET_SLOW)) {
            return SLOW;
        }
        return parameters.hasNonNull("lcore")
                ? idleObject(parameters.path("lcore").asInt())
                : IDLE;
    }

    /// The object of one reactor's idle mode.
    static String idleObject(int reactor) {
        return IDLE + " " + reactor;
    }
}
