package io.basalt.bench.load;

import io.basalt.bench.Arguments;
import io.basalt.bench.Facts;
import io.basalt.gate.rpc.RpcClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a gate and chunk servers cost when nothing is asked of them, and how much longer a rare request
/// takes when reactors sleep than when they poll.
///
/// ```
/// LowLoad [--folder DIR] [--volumes 100] [--idle-seconds 30] [--rate 100] [--repeat 5] [--time 5000] [--results FILE]
/// ```
///
/// The cluster's volumes are attached to the gate, each with a controller. Rare requests go to local
/// disks of a gate of its own, from a client that polls, so that it is the gate alone that sleeps.
public final class LowLoad {
    private static final Duration RPC_LIMIT = Duration.ofSeconds(60);
    private static final Duration SETTLED = Duration.ofSeconds(10);
    private static final int DEVICE_MIB = 2048;
    private static final long DISK_BYTES = 256L << 20;
    private static final double PERCENT = 100;
    private static final double SECOND_NS = 1e9;

    private LowLoad() {}

    public static void main(String[] words) throws IOException, InterruptedException {
        final Arguments arguments = new Arguments(words);
        final ObjectNode root = Facts.now();
        try (ScratchFolder folder = ScratchFolder.in(arguments.word("--folder", "."))) {
            idle(arguments, folder.resolve("cluster"), root.putArray("idle"));
            rare(arguments, folder.resolve("gate"), root.putArray("rows"));
            final String results = arguments.word("--results", "");
            if (!results.isEmpty()) {
                Files.writeString(Path.of(results), root.toPrettyString() + "\n");
            }
        }
    }

    private static void idle(Arguments arguments, Path folder, ArrayNode rows)
            throws IOException, InterruptedException {
        final int volumes = arguments.count("--volumes", 100);
        final int seconds = arguments.count("--idle-seconds", 30);
        try (ClusterDaemons daemons = ClusterDaemons.start(folder, DEVICE_MIB, "plp", "adaptive")) {
            for (int i = 0; i < volumes; i++) {
                daemons.run("create", "idle" + i, "-s", "256M");
            }
            attach(daemons, volumes);
            Thread.sleep(SETTLED);
            final List<ProcessCost> costs = new ArrayList<>(daemons.chunkServers());
            costs.addFirst(daemons.gate());
            final double[] before = cpuNs(costs);
            Thread.sleep(Duration.ofSeconds(seconds));
            final double[] after = cpuNs(costs);
            System.out.println("| process | percent of a processor, idle, with " + volumes + " attached volumes |");
            System.out.println("|---|---|");
            for (int i = 0; i < before.length; i++) {
                final String name = i == 0 ? "gate" : "chunk server " + i;
                final double percent = (after[i] - before[i]) / SECOND_NS / seconds * PERCENT;
                System.out.printf(Locale.ROOT, "| %s | %.2f |%n", name, percent);
                rows.addObject().put("process", name).put("percent", percent);
            }
        }
    }

    private static void attach(ClusterDaemons daemons, int volumes) {
        try (RpcClient rpc = RpcClient.connect(daemons.rpcSocket(), RPC_LIMIT)) {
            for (int i = 0; i < volumes; i++) {
                final String name = "idle" + i;
                rpc.call("bdev_basalt_create", object("name", name).put("volume", name));
                rpc.call("vhost_create_blk_controller", object("ctrlr", name).put("dev_name", name));
            }
        }
    }

    private static ObjectNode object(String key, String value) {
        return JsonNodeFactory.instance.objectNode().put(key, value);
    }

    private static double[] cpuNs(List<ProcessCost> costs) throws IOException {
        final double[] spent = new double[costs.size()];
        for (int i = 0; i < spent.length; i++) {
            spent[i] = costs.get(i).cpuNs();
        }
        return spent;
    }

    private static void rare(Arguments arguments, Path folder, ArrayNode rows)
            throws IOException, InterruptedException {
        final LoadShape shape =
                new LoadShape("randread", 1, 1, arguments.count("--time", 5000), arguments.count("--rate", 100));
        final LoadClient client = new LoadClient("1");
        try (GateProcess gate = GateProcess.start(folder, "0", "0", DISK_BYTES, "")) {
            final Contender adaptive =
                    new Contender("gate adaptive", (disk, load) -> client.run(gate.socket(disk), load));
            final Contender poll = new Contender("gate poll", (disk, load) -> {
                gate.idle("poll");
                try {
                    return client.run(gate.socket(disk), load);
                } finally {
                    gate.idle("adaptive");
                }
            });
            final ComparisonTable table = new ComparisonTable(rows);
            for (final String disk : List.of("null", "ram")) {
                final List<Contender> contenders = List.of(adaptive, poll);
                contenders.forEach(Contender::clear);
                for (int round = 0; round < arguments.count("--repeat", 5); round++) {
                    for (final Contender contender : contenders) {
                        contender.measure(disk, shape);
                    }
                }
                table.add(disk, shape, contenders);
            }
        }
    }
}
