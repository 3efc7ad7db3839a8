package io.basalt.cli.demo;

import io.basalt.cli.ByteSize;
import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.RpcClient;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A gate with one file-backed disk.
final class LocalDemo {
    private static final String DISK = "demo";
    private static final long LOADED_BYTES = 256L << 20;
    private static final Duration RPC_LIMIT = Duration.ofSeconds(30);

    private final Path data;
    private final long size;
    private final long timeNs;
    private final DemoScreen screen;
    private final GateLog log;

    LocalDemo(Path data, long size, long timeNs, DemoScreen screen, GateLog log) {
        this.data = data;
        this.size = size;
        this.timeNs = timeNs;
        this.screen = screen;
        this.log = log;
    }

    /// Run it.
    ///
    /// @param stay what keeps it up at the end
    void run(Runnable stay) throws IOException, InterruptedException {
        final GateOptions options = GateOptions.under(data);
        try (Gate gate = Gate.start(options, log)) {
            final Path image = image(options.data());
            final Path socket = attach(options, image);
            screen.line(screen.style().bold("Basalt demo: a gate with one disk") + ", without a cluster");
            facts(options, image);
            screen.loading(timeNs);
            final BenchResult result = new Bench(
                            socket, DemoScreen.workload(timeNs, LOADED_BYTES), (_, _) -> {}, gate::dataReactorCpuNs)
                    .run();
            screen.result(
                    result, String.format(Locale.ROOT, "%.1f us in the gate", result.backEndCpuPerRequestNs() / 1e3));
            screen.guest(socket);
            screen.next(next(options, socket));
            stay.run();
        }
    }

    /// The disk's file: sparse, but for the part that is loaded, so that the figures are not those of a
    /// file system that allocates blocks.
    private Path image(Path folder) throws IOException {
        final Path image = folder.resolve(DISK + ".img");
        if (!Files.exists(image)) {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(size & -4096L);
                final byte[] piece = new byte[1 << 20];
                for (long at = 0; at < LOADED_BYTES && at + piece.length <= file.length(); at += piece.length) {
                    file.write(piece);
                }
                file.getFD().sync();
            }
        }
        return image;
    }

    /// Through the management socket, as an operator would: so it is remembered, and a second demo finds it again.
    private static Path attach(GateOptions options, Path image) {
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), RPC_LIMIT)) {
            final ObjectNode disk = JsonNodeFactory.instance.objectNode();
            disk.put("name", DISK).put("filename", image.toString()).put("block_size", 512);
            client.call("bdev_uring_create", disk);
            final ObjectNode controller = JsonNodeFactory.instance.objectNode();
            controller.put("ctrlr", DISK).put("dev_name", DISK);
            client.call("vhost_create_blk_controller", controller);
            final ObjectNode which = JsonNodeFactory.instance.objectNode().put("name", DISK);
            return Path.of(client.call("vhost_get_controllers", which)
                    .path(0)
                    .path("socket")
                    .stringValue());
        }
    }

    private void facts(GateOptions options, Path image) {
        screen.line("");
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), RPC_LIMIT)) {
            final ObjectNode which = JsonNodeFactory.instance.objectNode().put("name", DISK);
            final JsonNode disk = client.call("bdev_get_bdevs", which).path(0);
            final long bytes = disk.path("num_blocks").longValue()
                    * disk.path("block_size").longValue();
            screen.fact("disk", new ByteSize(bytes) + " in " + image);
            screen.fact("path", disk.path("driver_specific").path("io_path").stringValue(""));
        }
        final int reactors = options.reactorCount();
        screen.fact("reactors", reactors + ", adaptive: they sleep when idle");
        screen.fallbacks();
    }

    private static List<String> next(GateOptions options, Path socket) {
        final String rpc = "./basalt rpc -s " + options.rpcSocket();
        return List.of(
                rpc + " bdev_get_iostat",
                rpc + " vhost_get_controllers",
                "./basalt bench " + socket + " --rw randread --iodepth 32");
    }
}
