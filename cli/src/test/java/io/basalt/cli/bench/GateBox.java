package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.reactor.IdleMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A gate in this process with two data reactors, spoken to as operators and front ends do: over its sockets.
public final class GateBox implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int ROUNDS_MAX = 200;

    private final GateOptions options;
    private final Gate gate;

    /// A gate in a folder of its own.
    public GateBox(Path folder) {
        options = new GateOptions(
                folder, folder.resolve("rpc.sock"), folder.resolve("vhost"), 2, List.of(), IdleMode.ADAPTIVE);
        gate = Gate.start(options, GateLog.install(LogLevel.ERROR));
    }

    /// Call a method; parameters are JSON with `'` for `"`.
    public JsonNode call(String method, String parameters) {
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), Duration.ofMinutes(2))) {
            return client.call(method, parameters.isEmpty() ? null : MAPPER.readTree(parameters.replace('\'', '"')));
        }
    }

    /// A RAM disk of 16 MiB behind a controller, both of this name.
    public Path ramDisk(String name) {
        call("bdev_malloc_create", "{'name':'" + name + "','num_blocks':32768,'block_size':512}");
        call("vhost_create_blk_controller", "{'ctrlr':'" + name + "','dev_name':'" + name + "','packed_ring':true}");
        return socket(name);
    }

    Path socket(String controller) {
        return options.socketFolder().resolve(controller);
    }

    /// Sessions of a controller.
    JsonNode sessions(String controller) {
        return call("vhost_get_controllers", "{'name':'" + controller + "'}")
                .path(0)
                .path("sessions");
    }

    /// Load the disk of a controller, and check what it holds, until something was answered while that was counted:
    /// a busy machine can keep the load from running for as long as one round lasts.
    static void assertThatTheDiskWorks(Path socket) throws InterruptedException {
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                4096,
                8,
                1,
                1,
                256,
                50_000_000L,
                0,
                true,
                false,
                false,
                false,
                false,
                0,
                5,
                false);
        long requests = 0;
        for (int round = 0; round < ROUNDS_MAX && requests == 0; round++) {
            requests = new Bench(socket, workload, (_, _) -> {}, null).run().requests();
        }
        assertThat(requests).isPositive();
    }

    Gate gate() {
        return gate;
    }

    @Override
    public void close() {
        gate.close();
    }
}
