package io.basalt.bench.load;

import io.basalt.bench.Command;
import io.basalt.bench.Jvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The load on a vhost-user-blk socket: `basalt bench`, in a fresh process for each run, whatever the
/// back end.
public final class LoadClient {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String cpus;
    private final boolean calls;

    /// A client that runs nothing yet.
    ///
    /// @param cpus processors to keep the client on, as taskset takes them; empty for any
    public LoadClient(String cpus) {
        this(cpus, false);
    }

    /// @param cpus as taskset takes them; empty for any
    /// @param calls sleep until the disk calls, instead of polling
    public LoadClient(String cpus, boolean calls) {
        this.cpus = cpus;
        this.calls = calls;
    }

    /// Run once.
    ///
    /// @throws IOException if the run fails
    /// @throws InterruptedException if the thread is interrupted while waiting
    public LoadResult run(Path socket, LoadShape shape) throws IOException, InterruptedException {
        final List<String> arguments = new ArrayList<>(List.of(
                "bench",
                socket.toString(),
                "--json",
                "--rw",
                shape.pattern(),
                "--bs",
                "4k",
                "--iodepth",
                Integer.toString(shape.depth()),
                "--queues",
                Integer.toString(shape.queues()),
                "--numjobs",
                Integer.toString(shape.queues()),
                "--rate",
                Integer.toString(shape.rate()),
                "--time",
                shape.milliseconds() + "ms",
                "--ramp",
                LoadShape.RAMP_MILLISECONDS + "ms"));
        if (calls) {
            arguments.add("--calls");
        }
        final String output = Command.run(Jvm.command(cpus, "io.basalt.cli.Main", arguments));
        final JsonNode result = JSON.readTree(output);
        final JsonNode latency =
                result.path(shape.pattern().endsWith("read") ? "read" : "write").path("lat_ns");
        return new LoadResult(
                result.path("iops").doubleValue(),
                result.path("backend_cpu_ns_per_io").doubleValue(),
                latency.path("percentile").path("50.000000").doubleValue(),
                latency.path("percentile").path("99.000000").doubleValue());
    }
}
