package io.basalt.endtoend.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A reservation of 2 MiB huge pages, given back on close.
public final class HugePages implements AutoCloseable {
    private static final Path COUNT = Path.of("/proc/sys/vm/nr_hugepages");
    private static final Path COMPACT = Path.of("/proc/sys/vm/compact_memory");
    private static final int TRIES = 10;

    private final long before;

    private HugePages(long before) {
        this.before = before;
    }

    /// Why this machine cannot reserve huge pages, or the empty string when it can (as far as can be told by
    /// looking).
    public static String obstacle() throws IOException {
        if (!Files.isWritable(COUNT)) {
            return COUNT + " is not writable: reserving huge pages needs root";
        }
        final boolean twoMebibytes = Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .anyMatch(line -> line.startsWith("Hugepagesize:") && line.contains("2048 kB"));
        return twoMebibytes ? "" : "the default huge page size is not 2 MiB";
    }

    /// Adds pages to the system's pool. The kernel gives up early where memory is fragmented or not yet handed to
    /// the machine, so the request is repeated after compaction.
    ///
    /// @throws IOException when the kernel does not find that many; nothing stays reserved then
    public static HugePages reserve(int pages) throws IOException {
        final HugePages reservation = new HugePages(count());
        final long wanted = reservation.before + pages;
        Files.writeString(COUNT, Long.toString(wanted));
        for (int attempt = 1; attempt < TRIES && count() < wanted; attempt++) {
            if (Files.isWritable(COMPACT)) {
                Files.writeString(COMPACT, "1");
            }
            Files.writeString(COUNT, Long.toString(wanted));
        }
        if (count() < wanted) {
            final long found = count() - reservation.before;
            reservation.close();
            throw new IOException("the kernel found " + found + " of " + pages + " huge pages");
        }
        return reservation;
    }

    /// Reads the count in one go: a file below /proc/sys yields nothing more after the first read, and reading
    /// "the whole file" starts with a single byte because its size is 0.
    private static long count() throws IOException {
        try (BufferedReader in = Files.newBufferedReader(COUNT)) {
            return Long.parseLong(in.readLine().strip());
        }
    }

    @Override
    public void close() throws IOException {
        Files.writeString(COUNT, Long.toString(before));
    }
}
