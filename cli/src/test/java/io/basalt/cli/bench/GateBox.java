package io.basalt.cli.bench;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.reactor.IdleMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A gate in this process with two data reactors, spoken to as operators and front ends do: over its sockets.
public final class GateBox implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();

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
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), Duration.ofSeconds(30))) {
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

    Gate gate() {
        return gate;
    }

    static int openFds() {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return (int) fds.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Shared mappings of memory files in this process: guest memory that was not unmapped.
    static long memoryMappings() {
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            return maps.filter(line -> line.contains("memfd:")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        gate.close();
    }
}
