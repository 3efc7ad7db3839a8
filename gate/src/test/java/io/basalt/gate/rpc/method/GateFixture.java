package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.balance.Balancing;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.GateState;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcResult;
import io.basalt.gate.volume.StoreVolumeFactory;
import io.basalt.gate.volume.VolumeRegistry;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.logging.Logger;
import tools.jackson.databind.JsonNode;

/// A gate's RPC over real volumes and fake controllers and reactors, with its state in a directory of the test.
final class GateFixture implements AutoCloseable {
    final RpcDispatcher dispatcher = new RpcDispatcher();
    final VolumeRegistry volumes = new VolumeRegistry(new StoreVolumeFactory());
    final FakeControllers controllers = new FakeControllers(volumes);
    final FakeReactors reactors = new FakeReactors();
    final GateState state;
    final GateLog log = GateLog.install(
            Logger.getLogger("io.basalt.gate.rpc.method.fixture"), new ByteArrayOutputStream(), LogLevel.NOTICE);
    final GateMethods methods;

    GateFixture(Path directory) {
        state = new GateState(directory);
        methods = GateMethods.register(
                dispatcher,
                volumes,
                controllers,
                reactors,
                new Balancing((_, _) -> () -> {}, reactors, controllers),
                state,
                log,
                new GateSettings("1.2.3-TEST", "abc", 42, Path.of("/run/basalt")),
                () -> 1234,
                null);
    }

    /// The result of a call, as it comes off the wire, with parameters in JSON, in which single quotes stand for
    /// double quotes.
    JsonNode call(String method, String parameters) {
        final RpcResult result = result(method, parameters);
        assertThat(result.error()).as(method + " " + parameters).isNull();
        final JsonNode value = result.value();
        return Json.parse(Json.bytes(Objects.requireNonNull(value)));
    }

    /// The same for an error.
    RpcError failure(String method, String parameters) {
        final RpcResult result = result(method, parameters);
        assertThat(result.value()).as(method + " " + parameters).isNull();
        final RpcError error = result.error();
        return Objects.requireNonNull(error);
    }

    private RpcResult result(String method, String parameters) {
        final List<RpcResult> results = new ArrayList<>();
        dispatcher.call(method, json(parameters), results::add);
        assertThat(results).hasSize(1);
        return results.getFirst();
    }

    static JsonNode json(String text) {
        return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        volumes.close();
    }
}
