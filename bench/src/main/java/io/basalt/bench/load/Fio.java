package io.basalt.bench.load;

import io.basalt.bench.Command;
import io.basalt.bench.Jvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// fio on the bare file with all that io_uring offers: registered file and buffers, O_DIRECT.
final class Fio {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final double PERCENT = 100;
    private static final double SECOND_NS = 1e9;

    private Fio() {}

    static LoadResult run(String cpus, Path file, LoadShape shape) throws IOException, InterruptedException {
        final List<String> command = Jvm.pinned(cpus);
        command.addAll(List.of(
                "fio",
                "--name=bare",
                "--filename=" + file,
                "--ioengine=io_uring",
                "--direct=1",
                "--registerfiles",
                "--fixedbufs",
                "--rw=" + shape.pattern(),
                "--bs=4k",
                "--iodepth=" + shape.depth(),
                "--time_based",
                "--norandommap",
                "--runtime=" + shape.milliseconds() + "ms",
                "--ramp_time=" + LoadShape.RAMP_MILLISECONDS + "ms",
                "--output-format=json"));
        final JsonNode job = JSON.readTree(Command.run(command)).path("jobs").path(0);
        final JsonNode side = job.path(shape.pattern().endsWith("read") ? "read" : "write");
        final double iops = side.path("iops").doubleValue();
        final double busy =
                (job.path("usr_cpu").doubleValue() + job.path("sys_cpu").doubleValue()) / PERCENT;
        final JsonNode percentiles = side.path("clat_ns").path("percentile");
        return new LoadResult(
                iops,
                busy * SECOND_NS / iops,
                percentiles.path("50.000000").doubleValue(),
                percentiles.path("99.000000").doubleValue());
    }
}
