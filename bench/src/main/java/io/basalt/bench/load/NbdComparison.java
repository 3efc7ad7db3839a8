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

/// The gate's NBD export beside qemu-nbd, both on the same file: whole processes, fio as the client of
/// both, one run at a time, in turns.
///
/// ```
/// NbdComparison [--folder DIR] [--repeat 5] [--time 3000] [--disk-mib 512] [--server-cpu 0] [--client-cpu 1]
///               [--results FILE]
/// ```
///
/// Times are in milliseconds. The first run of each is not counted.
public final class NbdComparison implements AutoCloseable {
    private static final List<String> PATTERNS = List.of("randread", "randwrite");
    private static final List<Integer> DEPTHS = List.of(1, 32);
    private static final int MIB = 1 << 20;

    private final Arguments arguments;
    private final ScratchFolder folder;
    private final GateProcess gate;
    private final QemuNbd peer;
    private final List<Contender> contenders;
    private final AtomicBoolean closed = new AtomicBoolean();

    private NbdComparison(Arguments arguments) throws IOException, InterruptedException {
        this.arguments = arguments;
        final String serverCpu = arguments.word("--server-cpu", "0");
        final String clientCpu = arguments.word("--client-cpu", "1");
        final long bytes = (long) arguments.count("--disk-mib", 512) * MIB;
        folder = ScratchFolder.in(arguments.word("--folder", "."));
        final Path file = folder.resolve("disk.img");
        Command.run(List.of(
                "dd", "if=/dev/urandom", "of=" + file, "bs=1M", "count=" + bytes / MIB, "conv=fsync", "status=none"));
        gate = GateProcess.start(folder.resolve("gate"), serverCpu, serverCpu, bytes, file.toString());
        peer = QemuNbd.start(Files.createDirectory(folder.resolve("peer")), serverCpu, file);
        final String uri = gate.export("file");
        contenders = List.of(
                new Contender("gate adaptive", (_, shape) -> Fio.run(clientCpu, uri, gate, shape)),
                new Contender("qemu-nbd", (_, shape) -> Fio.run(clientCpu, peer.uri(), peer, shape)));
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        final Arguments arguments = new Arguments(words);
        final ObjectNode root = Facts.now();
        try (NbdComparison comparison = new NbdComparison(arguments)) {
            // Ctrl-C must not leave the serving processes behind.
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(comparison::close));
            root.put(
                    "peer",
                    Command.run(List.of("qemu-nbd", "--version"))
                            .lines()
                            .findFirst()
                            .orElse(""));
            comparison.compare(new ComparisonTable(root.putArray("rows")));
        }
        final String results = arguments.word("--results", "");
        if (!results.isEmpty()) {
            Files.writeString(Path.of(results), root.toPrettyString() + "\n");
        }
    }

    private void compare(ComparisonTable table) throws IOException, InterruptedException {
        for (final String pattern : PATTERNS) {
            for (final int depth : DEPTHS) {
                final LoadShape shape = new LoadShape(pattern, depth, 1, arguments.count("--time", 3000));
                for (final Contender contender : contenders) {
                    contender.measure("file", shape);
                }
                contenders.forEach(Contender::clear);
                for (int round = 0; round < arguments.count("--repeat", 5); round++) {
                    for (final Contender contender : contenders) {
                        contender.measure("file", shape);
                    }
                }
                table.add("file", shape, contenders);
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
        folder.close();
    }
}
