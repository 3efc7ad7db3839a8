package io.basalt.bench.load;

import io.basalt.bench.Command;
import io.basalt.bench.Jvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// fio, on a bare file or as the client of an NBD server.
final class Fio {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final double PERCENT = 100;
    private static final double SECOND_NS = 1e9;

    private Fio() {}

    /// On the bare file with all that io_uring offers: registered file and buffers, O_DIRECT. The
    /// processor time is its own.
    static LoadResult run(String cpus, Path file, LoadShape shape) throws IOException, InterruptedException {
        final JsonNode job = run(
                cpus,
                shape,
                "--filename=" + file,
                "--ioengine=io_uring",
                "--direct=1",
                "--registerfiles",
                "--fixedbufs",
                "--ramp_time=" + LoadShape.RAMP_MILLISECONDS + "ms");
        final double busy =
                (job.path("usr_cpu").doubleValue() + job.path("sys_cpu").doubleValue()) / PERCENT;
        final double iops = side(job, shape).path("iops").doubleValue();
        return result(job, shape, busy * SECOND_NS / iops);
    }

    /// As the client of an NBD server, whose processor time it is.
    static LoadResult run(String cpus, String uri, BackEnd server, LoadShape shape)
            throws IOException, InterruptedException {
        final double beforeNs = server.cost().cpuNs();
        final JsonNode job = run(cpus, shape, "--ioengine=nbd", "--uri=" + uri);
        final double spentNs = server.cost().cpuNs() - beforeNs;
        return result(job, shape, spentNs / side(job, shape).path("total_ios").doubleValue());
    }

    private static JsonNode run(String cpus, LoadShape shape, String... target)
            throws IOException, InterruptedException {
        final List<String> command = Jvm.pinned(cpus);
        command.addAll(List.of(
                "fio",
                "--name=bare",
                "--rw=" + shape.pattern(),
                "--bs=4k",
                "--iodepth=" + shape.depth(),
                "--time_based",
                "--norandommap",
                "--runtime=" + shape.milliseconds() + "ms",
                "--output-format=json"));
        command.addAll(List.of(target));
        // Some engines say something first.
        final String output = Command.run(command);
        return JSON.readTree(output.substring(output.indexOf('{'))).path("jobs").path(0);
    }

    private static JsonNode side(JsonNode job, LoadShape shape) {
        return job.path(shape.pattern().endsWith("read") ? "read" : "write");
    }

    private static LoadResult result(JsonNode job, LoadShape shape, double cpuNs) {
        final JsonNode side = side(job, shape);
        final JsonNode percentiles = side.path("clat_ns").path("percentile");
        return new LoadResult(
                side.path("iops").doubleValue(),
                cpuNs,
                percentiles.path("50.000000").doubleValue(),
                percentiles.path("99.000000").doubleValue());
    }
}
