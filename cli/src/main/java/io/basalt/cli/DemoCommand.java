package io.basalt.cli;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.linux.memory.HugePages;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt demo`: a gate with one file-backed disk in this process, loaded and checked, ready for a guest.
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Start a gate with one disk, run a checked workload through it, and say what to type next."
                + " Needs no root and no huge pages.")
final class DemoCommand implements Callable<Integer> {
    private static final String DISK = "demo";
    private static final long LOADED_BYTES = 256L << 20;
    private static final Duration RPC_LIMIT = Duration.ofSeconds(30);

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "basalt-demo",
            description = "Folder of the disk and the gate's state, kept afterwards (default: ./${DEFAULT-VALUE}).")
    private Path data = Path.of("");

    @Option(names = "--size", paramLabel = "SIZE", defaultValue = "1G", description = "Size of the disk, sparse (1G).")
    private ByteSize size = new ByteSize(0);

    @Option(
            names = "--time",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "How long to load the disk (default: ${DEFAULT-VALUE}).")
    private Seconds time = new Seconds(0);

    @Option(names = "--once", description = "End after the workload instead of staying up.")
    private boolean once;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final GateLog log = GateLog.install(LogLevel.WARNING);
        final GateOptions options = GateOptions.under(data.toAbsolutePath());
        try (Gate gate = Gate.start(options, log)) {
            final Path image = image(options.data());
            final Path socket = attach(options, image);
            System.out.println("Basalt demo: a gate with one disk, served from " + image);
            sayFallbacks(options);
            System.out.println();
            System.out.println("Loading it for " + time.ns() / 1_000_000_000L + " s through its vhost-user socket,"
                    + " half reads, half writes, every block checked ...");
            final BenchResult result = new Bench(socket, workload(), (_, _) -> {}, gate::dataReactorCpuNs).run();
            System.out.println(BenchReport.text(result));
            System.out.println("All blocks that were read held what was written last.");
            System.out.println();
            sayNext(options, socket);
            if (!once) {
                System.out.println();
                System.out.println("The gate stays up; Ctrl-C ends it. The data stays in " + options.data() + ".");
                System.out.flush();
                Termination.await();
            }
        }
        return 0;
    }

    /// The disk's file: sparse, but for the part that is loaded, so that the figures are not those of a file
    /// system that
    /// allocates blocks.
    private Path image(Path folder) throws IOException {
        final Path image = folder.resolve(DISK + ".img");
        if (!Files.exists(image)) {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(size.bytes() & -4096L);
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
    private Path attach(GateOptions options, Path image) {
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

    private void sayFallbacks(GateOptions options) {
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), RPC_LIMIT)) {
            final ObjectNode which = JsonNodeFactory.instance.objectNode().put("name", DISK);
            final JsonNode disk = client.call("bdev_get_bdevs", which).path(0);
            final long bytes = disk.path("num_blocks").longValue()
                    * disk.path("block_size").longValue();
            System.out.println("  disk: " + new ByteSize(bytes) + ", "
                    + disk.path("driver_specific").path("io_path").stringValue(""));
        }
        if (HugePages.pools().stream().noneMatch(pool -> pool.free() > 0)) {
            System.out.println("  no huge pages are reserved: ordinary pages are used (echo 512 >"
                    + " /proc/sys/vm/nr_hugepages as root reserves 1 GiB)");
        }
        System.out.println("  " + options.reactorCount() + " data reactor" + (options.reactorCount() == 1 ? "" : "s")
                + ", adaptive: they sleep when idle");
    }

    private Workload workload() {
        return new Workload(
                Workload.Pattern.RANDRW,
                4096,
                16,
                1,
                1,
                256,
                time.ns(),
                500_000_000L,
                true,
                false,
                false,
                false,
                false,
                LOADED_BYTES,
                1);
    }

    private static void sayNext(GateOptions options, Path socket) {
        System.out.println("Socket: " + socket);
        System.out.println("Attach a QEMU guest (add your own kernel or image):");
        System.out.println("  qemu-system-x86_64 -m 1G -smp 2 \\");
        System.out.println(
                "    -object memory-backend-memfd,id=mem,size=1G,share=on -machine q35,memory-backend=mem \\");
        System.out.println("    -chardev socket,id=d0,path=" + socket + ",reconnect=1 \\");
        System.out.println("    -device vhost-user-blk-pci,chardev=d0,num-queues=2");
        System.out.println("Next:");
        final String rpc = "./basalt rpc -s " + options.rpcSocket();
        System.out.println("  " + rpc + " bdev_get_iostat");
        System.out.println("  " + rpc + " vhost_get_controllers");
        System.out.println("  ./basalt bench " + socket + " --rw randread --iodepth 32");
    }
}
