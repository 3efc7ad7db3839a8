package io.basalt.bench.load;

import io.basalt.bench.Jvm;
import io.basalt.gate.rpc.RpcClient;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A gate with a `null`, a `ram` and, if there is a file, a `file` disk.
final class GateProcess extends BackEnd {
    private static final Duration RPC_LIMIT = Duration.ofSeconds(20);
    private static final int BLOCK_SIZE = 512;

    private final Path folder;

    private GateProcess(Process process, Path folder) {
        super(process);
        this.folder = folder;
    }

    /// @param folder for its state; made if missing
    /// @param cpus processors of the process, as taskset takes them
    /// @param reactorCpus one data reactor is pinned to each
    /// @param file an existing file for the `file` disk, or empty for no such disk
    static GateProcess start(Path folder, String cpus, String reactorCpus, long diskBytes, String file)
            throws IOException {
        final List<String> arguments =
                List.of("gate", "run", "--data", folder.toString(), "--cpus", reactorCpus, "--log-level", "WARNING");
        final Process process = new ProcessBuilder(Jvm.command(cpus, "io.basalt.cli.Main", arguments))
                .redirectErrorStream(true)
                .redirectOutput(new File(folder + ".log"))
                .start();
        final GateProcess gate = new GateProcess(process, folder);
        gate.await(folder.resolve("rpc.sock"));
        try (RpcClient rpc = RpcClient.connect(folder.resolve("rpc.sock"), RPC_LIMIT)) {
            create(rpc, "bdev_null_create", sized("null", diskBytes));
            create(rpc, "bdev_malloc_create", sized("ram", diskBytes));
            if (!file.isEmpty()) {
                create(
                        rpc,
                        "bdev_uring_create",
                        object("name", "file").put("filename", file).put("block_size", 512));
            }
        }
        return gate;
    }

    /// Change how the data reactors idle.
    ///
    /// @param mode adaptive or poll
    void idle(String mode) {
        try (RpcClient rpc = RpcClient.connect(folder.resolve("rpc.sock"), RPC_LIMIT)) {
            rpc.call("framework_set_idle", object("mode", mode));
        }
    }

    /// Show a disk to NBD clients.
    ///
    /// @return the URI for them
    String export(String disk) {
        try (RpcClient rpc = RpcClient.connect(folder.resolve("rpc.sock"), RPC_LIMIT)) {
            return rpc.call("nbd_export_create", object("bdev_name", disk))
                    .path("uri")
                    .stringValue("");
        }
    }

    private static void create(RpcClient rpc, String method, ObjectNode disk) {
        rpc.call(method, disk);
        final String name = disk.path("name").stringValue();
        rpc.call("vhost_create_blk_controller", object("ctrlr", name).put("dev_name", name));
    }

    private static ObjectNode sized(String name, long bytes) {
        return object("name", name).put("num_blocks", bytes / BLOCK_SIZE).put("block_size", BLOCK_SIZE);
    }

    private static ObjectNode object(String key, String value) {
        return JsonNodeFactory.instance.objectNode().put(key, value);
    }

    @Override
    Path socket(String disk) {
        return folder.resolve("vhost").resolve(disk);
    }
}
