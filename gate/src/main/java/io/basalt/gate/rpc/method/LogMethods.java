package io.basalt.gate.rpc.method;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// How much is logged: `log_set_level`, `log_get_level`. There is one log, on standard error, so that SPDK's print
/// level is the same thing.
final class LogMethods {
    private final GateLog log;
    private final ChosenSettings settings;
    private final LiveConfiguration configuration;

    LogMethods(GateLog log, ChosenSettings settings, LiveConfiguration configuration) {
        this.log = log;
        this.settings = settings;
        this.configuration = configuration;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                ChosenSettings.SET_LEVEL,
                "Log more or less; kept over restarts",
                List.of(RpcParameter.text("level", String.join(", ", LogLevel.words()))
                        .must()),
                this::change));
        dispatcher.register(RpcMethod.of(
                "log_get_level",
                "Tell how much is logged",
                List.of(),
                _ -> Json.text(log.level().name())));
        dispatcher.alias("log_set_print_level", ChosenSettings.SET_LEVEL);
        dispatcher.alias("log_get_print_level", "log_get_level");
    }

    private JsonNode change(RpcCall call) {
        final LogLevel level = LogLevel.of(call.text("level"));
        if (level == null) {
            throw RpcError.invalidParameter(
                    "level", "is no level", "choose one of " + String.join(", ", LogLevel.words()));
        }
        log.level(level);
        settings.level(level);
        configuration.changed(LiveConfiguration.FRAMEWORK, ChosenSettings.LEVEL);
        return Json.truth(true);
    }
}
