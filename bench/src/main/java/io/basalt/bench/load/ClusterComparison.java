package io.basalt.bench.load;

import io.basalt.bench.Arguments;
import io.basalt.bench.Command;
import io.basalt.bench.Facts;
import io.basalt.bench.Median;
import io.basalt.gate.rpc.RpcClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A cluster volume (gate, three chunk servers, metaserver as separate processes over loopback TCP) beside
/// fio on a bare file of the same disk: 4 KiB random, over a pre-filled volume, in turns.
///
/// ```
/// ClusterComparison [--folder DIR] [--repeat 3] [--time 5000] [--disk-mib 1024] [--durability plp] [--idle adaptive]
///                   [--patterns randread,randwrite] [--depths 1,32] [--client calls] [--results FILE]
/// ```
///
/// The client sleeps until the disk calls, as a guest's processor does (`--client poll`: it polls). One that polls
/// takes a whole processor from five processes that have two.
///
/// Processor time and device bytes are those of the processes' own accounts over the whole run, the ramp
/// included, for each request that the gate has answered meanwhile. Times are in milliseconds.
public final class ClusterComparison {
    private static final Duration RPC_LIMIT = Duration.ofSeconds(20);
    private static final String PATTERNS = "randread,randwrite";
    private static final String DEPTHS = "1,32";
    private static final int WARM_UP_DEPTH = 32;
    private static final double MICROSECOND_NS = 1000;
    private static final int COPIES = 3;

    /// One run.
    ///
    /// @param gateNs processor time of the gate for each request
    /// @param chunksNs processor time of all chunk servers for each request
    /// @param amplification device bytes written for each user byte and copy; 0 for reads
    private record Cost(LoadResult load, double gateNs, double chunksNs, double amplification) {}

    private final ClusterDaemons daemons;
    private final Path socket;
    private final Path bare;
    private final LoadClient client;

    private ClusterComparison(ClusterDaemons daemons, Path socket, Path bare, LoadClient client) {
        this.client = client;
        this.daemons = daemons;
        this.socket = socket;
        this.bare = bare;
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        final Arguments arguments = new Arguments(words);
        final int mib = arguments.count("--disk-mib", 1024);
        final ObjectNode root = Facts.now();
        root.put("durability", arguments.word("--durability", "plp")).put("idle", arguments.word("--idle", "adaptive"));
        try (ScratchFolder folder = ScratchFolder.in(arguments.word("--folder", "."))) {
            final Path bare = folder.resolve("bare.img");
            Command.run(List.of(
                    "dd", "if=/dev/urandom", "of=" + bare, "bs=1M", "count=" + mib, "conv=fsync", "status=none"));
            try (ClusterDaemons daemons = ClusterDaemons.start(
                    folder.resolve("cluster"),
                    2 * mib,
                    arguments.word("--durability", "plp"),
                    arguments.word("--idle", "adaptive"))) {
                daemons.run("create", "bench", "-s", mib + "M");
                final Path socket = Path.of(daemons.run("attach", "bench", "-o", "name"));
                daemons.run("import", bare.toString(), "bench", "--yes");
                final LoadClient client =
                        new LoadClient("", arguments.word("--client", "calls").equals("calls"));
                new ClusterComparison(daemons, socket, bare, client).compare(arguments, root.putArray("rows"));
            }
            final String results = arguments.word("--results", "");
            if (!results.isEmpty()) {
                Files.writeString(Path.of(results), root.toPrettyString() + "\n");
            }
        }
    }

    private void compare(Arguments arguments, ArrayNode rows) throws IOException, InterruptedException {
        System.out.println("| load | QD | IOPS | of the bare file's | mean us | bare, mean us | p99 us"
                + " | gate CPU us/IO | chunks CPU us/IO | device bytes per byte and copy |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|");
        final List<String> patterns =
                List.of(arguments.word("--patterns", PATTERNS).split(",", -1));
        for (final String pattern : patterns) {
            // Not counted: until the compilers of all five processes are done, it is they who are measured.
            measure(new LoadShape(pattern, WARM_UP_DEPTH, 1, 2 * arguments.count("--time", 5000)));
        }
        for (final String pattern : patterns) {
            for (final String depth : arguments.word("--depths", DEPTHS).split(",", -1)) {
                final LoadShape shape =
                        new LoadShape(pattern, Integer.parseInt(depth), 1, arguments.count("--time", 5000));
                final List<Cost> cluster = new ArrayList<>();
                final List<Cost> raw = new ArrayList<>();
                for (int round = 0; round < arguments.count("--repeat", 3); round++) {
                    cluster.add(measure(shape));
                    raw.add(new Cost(Fio.run("", bare, shape), 0, 0, 0));
                }
                print(shape, cluster, raw);
                put(rows, shape, "cluster", cluster);
                put(rows, shape, "bare", raw);
            }
        }
    }

    private Cost measure(LoadShape shape) throws IOException, InterruptedException {
        final double gateBefore = daemons.gate().cpuNs();
        final double chunksBefore = chunks(true);
        final double writtenBefore = chunks(false);
        final double answeredBefore = answered(shape);
        final LoadResult load = client.run(socket, shape);
        final double answered = answered(shape) - answeredBefore;
        final double userBytes = shape.pattern().equals("randwrite") ? answered * 4096 * COPIES : 0;
        return new Cost(
                load,
                (daemons.gate().cpuNs() - gateBefore) / answered,
                (chunks(true) - chunksBefore) / answered,
                userBytes == 0 ? 0 : (chunks(false) - writtenBefore) / userBytes);
    }

    private double chunks(boolean cpu) throws IOException {
        double sum = 0;
        for (final ProcessCost server : daemons.chunkServers()) {
            sum += cpu ? server.cpuNs() : server.writtenBytes();
        }
        return sum;
    }

    private double answered(LoadShape shape) {
        try (RpcClient rpc = RpcClient.connect(daemons.rpcSocket(), RPC_LIMIT)) {
            final JsonNode disk = rpc.call("bdev_get_iostat", JsonNodeFactory.instance.objectNode())
                    .path("bdevs")
                    .path(0);
            return disk.path(shape.pattern().equals("randread") ? "num_read_ops" : "num_write_ops")
                    .doubleValue();
        }
    }

    private static void print(LoadShape shape, List<Cost> cluster, List<Cost> raw) {
        System.out.printf(
                Locale.ROOT,
                "| %s | %d | %.0f | %.2f | %.0f | %.0f | %.0f | %.1f | %.1f | %.2f |%n",
                shape.pattern(),
                shape.depth(),
                median(cluster, cost -> cost.load().iops()),
                median(cluster, cost -> cost.load().iops())
                        / median(raw, cost -> cost.load().iops()),
                meanUs(shape, cluster),
                meanUs(shape, raw),
                median(cluster, cost -> cost.load().p99Ns()) / MICROSECOND_NS,
                median(cluster, Cost::gateNs) / MICROSECOND_NS,
                median(cluster, Cost::chunksNs) / MICROSECOND_NS,
                median(cluster, Cost::amplification));
    }

    /// Little's law: requests in flight divided by their rate.
    private static double meanUs(LoadShape shape, List<Cost> costs) {
        return shape.depth() * 1e6 / median(costs, cost -> cost.load().iops());
    }

    private static double median(List<Cost> costs, ToDoubleFunction<Cost> figure) {
        return Median.of(costs.stream().map(cost -> figure.applyAsDouble(cost)).toList());
    }

    private static void put(ArrayNode rows, LoadShape shape, String system, List<Cost> costs) {
        final ObjectNode row = rows.addObject();
        row.put("pattern", shape.pattern()).put("depth", shape.depth()).put("system", system);
        final ArrayNode runs = row.putArray("runs");
        for (final Cost cost : costs) {
            final ObjectNode run = runs.addObject();
            cost.load().putInto(run);
            run.put("gate_cpu_ns_per_io", Math.round(cost.gateNs()))
                    .put("chunks_cpu_ns_per_io", Math.round(cost.chunksNs()))
                    .put("device_bytes_per_byte_and_copy", cost.amplification());
        }
    }
}
