package io.basalt.bench.virtqueue;

import io.basalt.bench.Arguments;
import io.basalt.bench.Command;
import io.basalt.bench.Facts;
import io.basalt.bench.Jvm;
import io.basalt.bench.Median;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/// What a request costs on the virtqueue path in Java, as a ratio to C.
///
/// Compiles `vqbaseline.c`, then runs it and [VirtqueuePath] in turns, a fresh process each time, on one processor,
/// and compares medians of thread processor time.
///
/// ```
/// VirtqueueRatio [--source FILE] [--rounds 5] [--cpu N] [--bound R] [--results FILE] [--mixed]
/// ```
///
/// Exit status: 0 if all ratios are within the bound (or none was given), 1 if not.
public final class VirtqueueRatio {
    private static final Pattern LINE = Pattern.compile("batch (\\d+): ([0-9.]+) ns/request");
    private static final List<Integer> BATCHES = List.of(1, 32);

    private final Path baseline;
    private final int rounds;
    private final int cpu;
    private final boolean mixed;

    /// @param baseline the compiled C program
    private VirtqueueRatio(Path baseline, int rounds, int cpu, boolean mixed) {
        this.baseline = baseline;
        this.rounds = rounds;
        this.cpu = cpu;
        this.mixed = mixed;
    }

    public static void main(String[] words) throws IOException, InterruptedException {
        final Arguments arguments = new Arguments(words);
        final int lastCpu = Runtime.getRuntime().availableProcessors() - 1;
        final Path folder = Files.createTempDirectory("basalt-bench");
        final Path baseline = folder.resolve("vqbaseline");
        try {
            compile(Path.of(arguments.word("--source", "bench/src/main/c/vqbaseline.c")), baseline);
            final VirtqueueRatio ratio = new VirtqueueRatio(
                    baseline,
                    arguments.count("--rounds", 5),
                    arguments.count("--cpu", lastCpu),
                    arguments.has("--mixed"));
            final double bound = arguments.number("--bound", Double.MAX_VALUE);
            final double worst = ratio.compare(arguments.word("--results", ""));
            if (worst > bound) {
                System.out.printf(Locale.ROOT, "%nratio %.2f exceeds the bound of %.2f%n", worst, bound);
                System.exit(1);
            }
        } finally {
            Files.deleteIfExists(baseline);
            Files.delete(folder);
        }
    }

    /// Compile the C program.
    ///
    /// @throws IOException if there is no compiler or it refuses
    /// @throws InterruptedException if the thread is interrupted while waiting
    public static void compile(Path source, Path program) throws IOException, InterruptedException {
        Command.run(List.of(
                "gcc", "-O2", "-march=native", "-Wall", "-Wextra", "-o", program.toString(), source.toString()));
    }

    /// Cost of a request in Java divided by that in C.
    ///
    /// @param program what [#compile] made
    /// @throws IOException if one of the two programs fails
    /// @throws InterruptedException if the thread is interrupted while waiting
    public static double ratio(Path program, VolumeKind volume, int batch, int rounds)
            throws IOException, InterruptedException {
        final int lastCpu = Runtime.getRuntime().availableProcessors() - 1;
        final VirtqueueRatio both = new VirtqueueRatio(program, rounds, lastCpu, false);
        final Map<Integer, List<Double>> inC = empty();
        final Map<Integer, List<Double>> inJava = empty();
        both.measure(volume, inC, inJava);
        return Median.of(figures(inJava, batch)) / Median.of(figures(inC, batch));
    }

    private void measure(VolumeKind volume, Map<Integer, List<Double>> inC, Map<Integer, List<Double>> inJava)
            throws IOException, InterruptedException {
        for (int round = 0; round < rounds; round++) {
            collect(runC(volume), inC);
            collect(runJava(volume), inJava);
        }
    }

    private double compare(String results) throws IOException, InterruptedException {
        final ObjectNode root = Facts.now();
        System.out.println("| volume | batch | C ns/request | Java ns/request | ratio |");
        System.out.println("|---|---|---|---|---|");
        double worst = 0;
        for (final VolumeKind volume : List.of(VolumeKind.NULL, VolumeKind.RAM)) {
            final Map<Integer, List<Double>> inC = empty();
            final Map<Integer, List<Double>> inJava = empty();
            measure(volume, inC, inJava);
            for (final int batch : BATCHES) {
                worst = Math.max(worst, report(root, volume, batch, figures(inC, batch), figures(inJava, batch)));
            }
        }
        if (!results.isEmpty()) {
            Files.writeString(Path.of(results), root.toPrettyString() + "\n");
        }
        return worst;
    }

    private static double report(ObjectNode root, VolumeKind volume, int batch, List<Double> inC, List<Double> inJava) {
        final double ratio = Median.of(inJava) / Median.of(inC);
        System.out.printf(
                Locale.ROOT,
                "| %s | %d | %.1f | %.1f | %.2f |%n",
                volume,
                batch,
                Median.of(inC),
                Median.of(inJava),
                ratio);
        final ObjectNode cell = root.putObject(volume + "-batch-" + batch);
        cell.put("ratio", ratio);
        inC.forEach(cell.putArray("c_ns")::add);
        inJava.forEach(cell.putArray("java_ns")::add);
        return ratio;
    }

    private String runC(VolumeKind volume) throws IOException, InterruptedException {
        final List<String> command = Jvm.pinned(Integer.toString(cpu));
        command.addAll(List.of(baseline.toString(), volume.toString(), "1"));
        return Command.run(command);
    }

    private String runJava(VolumeKind volume) throws IOException, InterruptedException {
        final List<String> arguments = new ArrayList<>(List.of(volume.toString(), "1", Integer.toString(cpu)));
        if (mixed) {
            arguments.add("mixed");
        }
        return Command.run(Jvm.command("", List.of("-Xbatch"), VirtqueuePath.class.getName(), arguments));
    }

    private static Map<Integer, List<Double>> empty() {
        final Map<Integer, List<Double>> map = new LinkedHashMap<>();
        BATCHES.forEach(batch -> map.put(batch, new ArrayList<>()));
        return map;
    }

    private static List<Double> figures(Map<Integer, List<Double>> map, int batch) {
        return map.getOrDefault(batch, List.of());
    }

    private static void collect(String output, Map<Integer, List<Double>> into) {
        final Matcher matcher = LINE.matcher(output);
        while (matcher.find()) {
            figures(into, Integer.parseInt(matcher.group(1))).add(Double.parseDouble(matcher.group(2)));
        }
    }
}
