package io.basalt.endtoend.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What a process holds of the kernel's, as /proc shows it at one moment.
///
/// Left out is what the Java machine opens and starts when it likes: class path files, compiler threads; and the
/// kernel's own workers behind an io_uring.
///
/// @param descriptors open descriptors, counted by kind
/// @param mappedBytes of shared memory files
/// @param threads threads, counted by name
/// @param residentBytes resident memory without the pages of shared files
record ProcessResources(
        Map<String, Integer> descriptors, long mappedBytes, Map<String, Integer> threads, long residentBytes) {
    private static final Set<String> MACHINE_THREADS = Set.of("C1", "C2", "iou-wrk", "iou-sqp", "Attach");

    static ProcessResources of(long pid) throws IOException {
        final Path folder = Path.of("/proc", Long.toString(pid));
        return new ProcessResources(descriptors(folder), mappedBytes(folder), threads(folder), residentBytes(folder));
    }

    /// Whether the kernel holds the same for both; memory is judged apart.
    boolean sameHoldings(ProcessResources other) {
        return descriptors.equals(other.descriptors)
                && mappedBytes == other.mappedBytes
                && threads.equals(other.threads);
    }

    int descriptorCount() {
        return descriptors.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static Map<String, Integer> descriptors(Path folder) throws IOException {
        final Map<String, Integer> kinds = new TreeMap<>();
        for (final Path fd : list(folder.resolve("fd"))) {
            try {
                final String target = Files.readSymbolicLink(fd).toString();
                if (!target.endsWith(".jar") && !target.endsWith("/modules")) {
                    kinds.merge(target.replaceAll("\\[\\d+]|pipe:.*", ""), 1, Integer::sum);
                }
            } catch (NoSuchFileException closedMeanwhile) {
                // Not there any more: not counted.
            }
        }
        return kinds;
    }

    /// Bytes and not lines, for the kernel makes one mapping of two that happen to be neighbours.
    private static long mappedBytes(Path folder) throws IOException {
        try (Stream<String> lines = Files.lines(folder.resolve("maps"))) {
            return lines.filter(line -> line.contains("/memfd:") || line.contains("/dev/shm/"))
                    .map(line -> line.substring(0, line.indexOf(' ')).split("-", 2))
                    .mapToLong(range -> Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16))
                    .sum();
        }
    }

    private static Map<String, Integer> threads(Path folder) throws IOException {
        final Map<String, Integer> names = new TreeMap<>();
        for (final Path task : list(folder.resolve("task"))) {
            try {
                final String name = Files.readString(task.resolve("comm")).strip();
                if (!MACHINE_THREADS.contains(name.split(" |-[0-9]", 2)[0])) {
                    names.merge(name, 1, Integer::sum);
                }
            } catch (IOException endedMeanwhile) {
                // Not there any more: not counted.
            }
        }
        return names;
    }

    private static long residentBytes(Path folder) throws IOException {
        long kib = 0;
        for (final String line : Files.readAllLines(folder.resolve("status"))) {
            if (line.startsWith("RssAnon:")) {
                kib += Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return kib << 10;
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        }
    }
}
