package io.basalt.cli.bench;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.handover.Successor;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.gate.rpc.RpcError;
import io.basalt.reactor.IdleMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A gate in this process that can be handed over, to another in this process.
final class HandoverBox implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final int TRIES = 10;

    private final GateOptions options;
    private final Successor.Launcher launcher;
    private Gate gate;
    private @Nullable CompletableFuture<Gate> next;

    HandoverBox(Path folder) {
        options = new GateOptions(
                folder, folder.resolve("rpc.sock"), folder.resolve("vhost"), 2, List.of(), IdleMode.ADAPTIVE);
        launcher = (socket, _) -> launch(socket);
        gate = Gate.start(options, GateLog.install(LogLevel.ERROR), launcher);
    }

    private Successor launch(Path socket) {
        final CompletableFuture<Gate> made = new CompletableFuture<>();
        next = made;
        Thread.ofPlatform().name("successor").start(() -> {
            try {
                made.complete(Gate.takeOver(options, GateLog.install(LogLevel.ERROR), socket, launcher));
            } catch (RuntimeException failure) {
                made.completeExceptionally(failure);
            }
        });
        return gone -> {
            final var _ = made.whenComplete((_, _) -> gone.run());
        };
    }

    /// Hand over, and end what handed over. A step that a busy machine did not end in time is no failure: the gate
    /// serves on then, and is asked again.
    JsonNode handOver() {
        JsonNode answer = null;
        for (int tried = 1; answer == null; tried++) {
            try {
                answer = call("gate_handover", "");
            } catch (RpcError late) {
                if (tried == TRIES || !String.valueOf(late.getMessage()).contains("in time")) {
                    throw late;
                }
            }
        }
        gate.handedOver().join();
        gate.close();
        gate = java.util.Objects.requireNonNull(next).join();
        return answer;
    }

    JsonNode call(String method, String parameters) {
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), BOUND)) {
            return client.call(method, parameters.isEmpty() ? null : MAPPER.readTree(parameters.replace('\'', '"')));
        }
    }

    Path socket(String controller) {
        return options.socketFolder().resolve(controller);
    }

    /// Requests that this gate has answered for the front end that is connected now.
    long requests(String controller) {
        long requests = 0;
        for (final JsonNode session : call("vhost_get_controllers", "{'name':'" + controller + "'}")
                .path(0)
                .path("sessions")) {
            for (final JsonNode queue : session.path("queues")) {
                requests += queue.path("requests").longValue();
            }
        }
        return requests;
    }

    @Override
    public void close() {
        gate.close();
    }
}
