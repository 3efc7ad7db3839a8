package io.basalt.bench.load;

import io.basalt.bench.Arguments;
import io.basalt.bench.Command;
import io.basalt.bench.Facts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import tools.jackson.databind.node.ObjectNode;

/// The gate beside QEMU's storage daemon, and its file disk beside fio on the bare file: whole processes, the same
/// client, one run at a time, in turns.
///
/// ```
/// WholeProcess [--folder DIR] [--repeat 3] [--time 2000] [--disk-mib 1024] [--server-cpu 0] [--client-cpu 1]
///              [--disks null,ram,file] [--results FILE]
/// ```
///
/// The serving process is kept on one processor and the client on another: with two processors that is all there
/// is, so at high queue depth on `null` the client is as much a limit as the server. The folder should be on the
/// disk that the `file` figures are meant for. Times are in milliseconds.
public final class WholeProcess implements AutoCloseable {
    private static final Path TMPFS = Path.of("/dev/shm");
    private static final List<String> PATTERNS = List.of("randread", "randwrite");
    private static final int MIB = 1 << 20;

    private final Arguments arguments;
    private final String serverCpu;
    private final String clientCpu;
    private final LoadClient client;
    private final ScratchFolder folder;
    private final Path file;
    private final Path ramFile;
    private final GateProcess gate;
    private final StorageDaemon peer;
    private final AtomicBoolean closed = new AtomicBoolean();

    private WholeProcess(Arguments arguments) throws IOException, InterruptedException {
        this.arguments = arguments;
        serverCpu = arguments.word("--server-cpu", "0");
        clientCpu = arguments.word("--client-cpu", "1");
        client = new LoadClient(clientCpu);
        final long diskBytes = (long) arguments.count("--disk-mib", 1024) * MIB;
        folder = ScratchFolder.in(arguments.word("--folder", "."));
        file = folder.resolve("disk.img");
        ramFile = Files.createTempFile(TMPFS, "basalt-bench", ".img");
        fill(file, diskBytes);
        fill(ramFile, diskBytes);
        gate = GateProcess.start(folder.resolve("gate"), serverCpu, serverCpu, diskBytes, file.toString());
        peer = StorageDaemon.start(Files.createDirectory(folder.resolve("peer")), serverCpu, diskBytes, ramFile, "");
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        final Arguments arguments = new Arguments(words);
        final List<String> disks =
                List.of(arguments.word("--disks", "null,ram,file").split(",", -1));
        final ObjectNode root = Facts.now();
        try (WholeProcess comparison = new WholeProcess(arguments)) {
            // Ctrl-C must not leave the serving processes behind.
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(comparison::close));
            root.put(
                    "peer",
                    Command.run(List.of("qemu-storage-daemon", "--version"))
                            .lines()
                            .findFirst()
                            .orElse(""));
            root.put("fio", Command.run(List.of("fio", "--version")).strip());
            final ComparisonTable table = new ComparisonTable(root.putArray("rows"));
            for (final String disk : disks) {
                comparison.compare(table, disk);
            }
        }
        final String results = arguments.word("--results", "");
        if (!results.isEmpty()) {
            Files.writeString(Path.of(results), root.toPrettyString() + "\n");
        }
    }

    /// A file without holes, on which nothing is left to be written back.
    private static void fill(Path path, long bytes) throws IOException, InterruptedException {
        Command.run(List.of(
                "dd", "if=/dev/urandom", "of=" + path, "bs=1M", "count=" + bytes / MIB, "conv=fsync", "status=none"));
    }

    private void compare(ComparisonTable table, String disk) throws IOException, InterruptedException {
        final Contender adaptive =
                new Contender("gate adaptive", (name, shape) -> client.run(gate.socket(name), shape));
        final Contender poll = new Contender("gate poll", this::polling);
        if (disk.equals("file")) {
            final Contender bare = new Contender("fio alone", (_, shape) -> Fio.run(serverCpu, file, shape));
            final Contender besides = new Contender("fio, neighbour busy", (_, shape) -> fioBesideBusy(shape));
            compare(table, disk, List.of(1, 32), List.of(adaptive, poll, bare, besides));
        } else {
            final Contender daemon =
                    new Contender("qemu-storage-daemon", (name, shape) -> client.run(peer.socket(name), shape));
            compare(table, disk, List.of(1, 32, 128), List.of(adaptive, poll, daemon));
        }
    }

    /// The gate's client keeps the other processor busy, so fio gets the same neighbour.
    private LoadResult fioBesideBusy(LoadShape shape) throws IOException, InterruptedException {
        try (BusyProcessor neighbour = new BusyProcessor(clientCpu)) {
            return Fio.run(serverCpu, file, shape);
        }
    }

    /// Polling only while it is measured: a reactor that polls takes its processor from the others.
    private LoadResult polling(String disk, LoadShape shape) throws IOException, InterruptedException {
        gate.idle("poll");
        try {
            return client.run(gate.socket(disk), shape);
        } finally {
            gate.idle("adaptive");
        }
    }

    private void compare(ComparisonTable table, String disk, List<Integer> depths, List<Contender> contenders)
            throws IOException, InterruptedException {
        for (final String pattern : PATTERNS) {
            for (final int depth : depths) {
                final LoadShape shape = new LoadShape(pattern, depth, 1, arguments.count("--time", 2000));
                contenders.forEach(Contender::clear);
                for (int round = 0; round < arguments.count("--repeat", 3); round++) {
                    for (final Contender contender : contenders) {
                        contender.measure(disk, shape);
                    }
                }
                table.add(disk, shape, contenders);
            }
        }
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        peer.close();
        gate.close();
        try (folder) {
            Files.deleteIfExists(ramFile);
        } catch (IOException failure) {
            System.err.println("not removed: " + failure.getMessage());
        }
    }
}
