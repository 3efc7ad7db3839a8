package io.basalt.cli.bench;

import io.basalt.gate.config.GateLog;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What this process holds of the kernel's: descriptors, and memory files that are mapped. What the JVM opens on
/// its own is not counted.
///
/// @param descriptors that are open
/// @param mappedBytes of memory files, and so of guests; a byte that is mapped twice counts twice. Bytes and not
///     mappings, for the kernel makes one mapping of two that happen to be neighbours
record Holdings(int descriptors, long mappedBytes) {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final int EQUAL_LOOKS = 20;
    private static final long BETWEEN_LOOKS_NS = 10_000_000L;

    /// Classes, the JVM's view of the machine, its sources of randomness.
    private static final Pattern OF_THE_JVM =
            Pattern.compile(".*\\.(jar|class|jfr)|.*/lib/modules|/(proc|sys)/.*|/dev/u?random");

    /// What is held now.
    static Holdings now() {
        return new Holdings(openDescriptors(), memoryFileBytes());
    }

    /// What is held once that changes no more, and nobody rehearses: the first hand-over of a process starts a
    /// rehearsal, with sockets and memory of its own, which can outlast it by seconds.
    static Holdings settled() {
        final Holdings[] last = {now()};
        final int[] equal = {0};
        Await.until("what this process holds settles", BOUND, () -> {
            LockSupport.parkNanos(BETWEEN_LOOKS_NS);
            final Holdings now = now();
            equal[0] = now.equals(last[0]) && !isRehearsing() ? equal[0] + 1 : 0;
            last[0] = now;
            return equal[0] == EQUAL_LOOKS;
        });
        return last[0];
    }

    /// Wait until no more is held than this.
    ///
    /// @throws AssertionError if that does not come about
    void awaitNoMore() {
        final Holdings[] last = {this};
        try {
            Await.until("no more is held", BOUND, () -> {
                last[0] = now();
                return last[0].descriptors <= descriptors && last[0].mappedBytes <= mappedBytes;
            });
        } catch (AssertionError tooMuch) {
            throw new AssertionError("held before: " + this + ", now: " + last[0], tooMuch);
        }
    }

    private static boolean isRehearsing() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith(GateLog.REHEARSAL));
    }

    private static int openDescriptors() {
        int count = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (final Path entry : entries) {
                count += OF_THE_JVM.matcher(target(entry)).matches() ? 0 : 1;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return count;
    }

    /// What a descriptor is of; the JVM's own if it has been closed meanwhile.
    private static String target(Path entry) throws IOException {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (NoSuchFileException closed) {
            return "/proc/closed";
        }
    }

    private static long memoryFileBytes() {
        try (Stream<String> mappings = Files.lines(Path.of("/proc/self/maps"))) {
            return mappings.filter(line -> line.contains("/memfd:"))
                    .map(line -> line.substring(0, line.indexOf(' ')).split("-", 2))
                    .mapToLong(range -> Long.parseUnsignedLong(range[1], 16) - Long.parseUnsignedLong(range[0], 16))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
