package io.basalt.cli;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.cli.bench.Workload.Pattern;
import io.basalt.cli.output.Style;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `basalt bench`: load a disk through its vhost-user-blk socket, as a guest would.
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = "Load a disk through its vhost-user-blk socket and report rates, latencies and processor time."
                + " Overwrites the disk unless the workload only reads.")
final class BenchCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "SOCKET", description = "A controller's socket; any back end's will do.")
    private Path socket = Path.of("");

    @Option(
            names = "--rw",
            paramLabel = "PATTERN",
            defaultValue = "randread",
            description = "${COMPLETION-CANDIDATES}.")
    private Pattern pattern = Pattern.RANDREAD;

    @Option(names = "--bs", paramLabel = "SIZE", defaultValue = "4k", description = "Bytes in a request.")
    private ByteSize blockSize = new ByteSize(0);

    @Option(
            names = "--iodepth",
            paramLabel = "N",
            defaultValue = "1",
            description = "Requests in flight on each queue.")
    private int ioDepth;

    @Option(names = "--numjobs", paramLabel = "N", defaultValue = "1", description = "Threads.")
    private int jobs;

    @Option(
            names = "--queues",
            paramLabel = "N",
            defaultValue = "1",
            description = "Virtqueues, shared out to threads.")
    private int queues;

    @Option(names = "--queue-size", paramLabel = "N", defaultValue = "512", description = "Descriptors of each queue.")
    private int queueSize;

    @Option(names = "--time", paramLabel = "TIME", defaultValue = "10s", description = "How long to count.")
    private Seconds time = new Seconds(0);

    @Option(
            names = "--ramp",
            paramLabel = "TIME",
            defaultValue = "1s",
            description = "How long to load before counting.")
    private Seconds ramp = new Seconds(0);

    @Option(
            names = "--region",
            paramLabel = "SIZE",
            defaultValue = "0",
            description = "Use only the first bytes; 0: all.")
    private ByteSize region = new ByteSize(0);

    @Option(names = "--verify", description = "Stamp what is written, check what is read, read all back at the end.")
    private boolean verify;

    @Option(names = "--packed", description = "Packed rings.")
    private boolean packed;

    @Option(names = "--indirect", description = "Indirect descriptors.")
    private boolean indirect;

    @Option(names = "--event-idx", description = "Negotiate VIRTIO_F_EVENT_IDX.")
    private boolean eventIndex;

    @Option(names = "--huge", description = "Guest memory on 2 MiB pages.")
    private boolean huge;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed of the random offsets.")
    private long seed;

    @Option(names = "--calls", description = "Sleep until the disk calls, as a guest does; else threads poll.")
    private boolean calls;

    @Option(
            names = "--rate",
            paramLabel = "IOPS",
            description = "Start no more requests a second, evenly spread; 0 (the default) for no limit.")
    private int rate;

    @Option(names = "--json", description = "Print the result as JSON; no live line.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (rate < 0) {
            throw CommandException.usage("--rate: " + rate + " is not possible", "use 0 or more");
        }
        final Workload workload = new Workload(
                pattern,
                Math.toIntExact(Math.min(blockSize.bytes(), Integer.MAX_VALUE)),
                ioDepth,
                jobs,
                queues,
                queueSize,
                time.ns(),
                ramp.ns(),
                verify,
                packed,
                indirect,
                eventIndex,
                huge,
                region.bytes(),
                seed,
                calls);
        final boolean terminal = Style.terminal();
        final boolean live = terminal && !json;
        final Bench.Progress progress = live ? this::show : (_, _) -> {};
        final BenchResult result =
                new Bench(socket, workload, progress, null).atRate(rate).run();
        if (live) {
            System.err.print("\r\u001b[K");
        }
        System.out.println(json ? BenchReport.json(result).toPrettyString() : BenchReport.text(result));
        return 0;
    }

    private void show(int second, double iops) {
        System.err.print(String.format(
                Locale.ROOT,
                "\r\u001b[K%4d s  %s IOPS  %s/s",
                second,
                BenchReport.rate(iops),
                ByteSize.text(iops * blockSize.bytes())));
        System.err.flush();
    }
}
