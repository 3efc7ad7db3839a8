package io.basalt.cli.demo;

import io.basalt.cli.ByteSize;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.cli.gate.GuestRecipe;
import io.basalt.cli.output.Style;
import io.basalt.linux.memory.HugePages;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// What a demo shows: short, aligned, one fact in one place.
final class DemoScreen {
    private static final double US_NS = 1000;
    private static final int QUEUES = 2;

    private final PrintWriter out;
    private final Style style = Style.of(System.getenv(), false);

    DemoScreen(PrintWriter out) {
        this.out = out;
    }

    Style style() {
        return style;
    }

    /// A heading, with a line of air above it.
    void heading(String text) {
        line("");
        line(style.bold(text));
    }

    /// A line.
    void line(String text) {
        out.println(text);
        out.flush();
    }

    /// A fact.
    void fact(String name, String text) {
        line(String.format(Locale.ROOT, "  %-9s ", name) + text);
    }

    /// What was missing on this host, and what is done instead.
    void fallbacks() {
        if (HugePages.pools().stream().noneMatch(pool -> pool.free() > 0)) {
            fact("note", "no huge pages are reserved: ordinary ones serve (as root: sysctl vm.nr_hugepages=512)");
        }
    }

    /// What is about to happen.
    void loading(long ns) {
        heading("Loading it for " + ns / 1_000_000_000L
                + " s through its vhost-user socket: 4 KiB, half reads, half writes, 16 in flight, every block"
                + " checked");
    }

    /// The workload of every demo.
    ///
    /// @param region bytes of the disk, from its start
    static Workload workload(long ns, long region) {
        return new Workload(
                Workload.Pattern.RANDRW,
                4096,
                16,
                1,
                1,
                256,
                ns,
                500_000_000L,
                true,
                false,
                false,
                false,
                false,
                region,
                1,
                false);
    }

    /// What was measured.
    ///
    /// @param cpu processor time of the serving side for each request, in words
    void result(BenchResult result, String cpu) {
        fact(
                "IOPS",
                String.format(
                        Locale.ROOT,
                        "%,.0f   %s/s   %,d requests",
                        result.iops(),
                        ByteSize.text(result.bytesPerSecond()),
                        result.requests()));
        fact("read", latency(result.reads()));
        fact("write", latency(result.writes()));
        fact("CPU/IO", cpu);
        fact("verified", "All blocks that were read held what was written last.");
    }

    private static String latency(Histogram latency) {
        return String.format(
                Locale.ROOT,
                "p50 %,7.0f us   p99 %,7.0f us   max %,7.0f us",
                latency.getValueAtPercentile(50) / US_NS,
                latency.getValueAtPercentile(99) / US_NS,
                latency.getMaxValue() / US_NS);
    }

    /// How to give the disk to a guest.
    void guest(Path socket) {
        heading("Attach a QEMU guest (add what it boots from)");
        GuestRecipe.qemu(socket, QUEUES).forEach(each -> line("  " + each));
    }

    /// What to type next.
    void next(List<String> commands) {
        heading("Next, in another terminal");
        commands.forEach(each -> line("  " + each));
    }

    /// What happens now.
    ///
    /// @param over whether the demo ends by itself
    void end(Path data, boolean over) {
        line("");
        line((over ? "The demo ends here" : "Everything stays up; Ctrl-C ends it") + ". The data stays in " + data
                + ".");
    }
}
