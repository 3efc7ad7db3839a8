package io.basalt.linux.file;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A process that holds a lock on a file, so that an operator can be told whom to ask. For error messages only: it
/// looks through `/proc`, and what it finds may be over by the time it is read.
///
/// @param processId the kernel's number of the process
/// @param command its short name, as `ps` shows it
public record LockHolder(int processId, String command) {
    private static final Path PROC = Path.of("/proc");

    /// Most descriptors looked at; with more in all processes together the answer may be that nobody is known.
    private static final int DESCRIPTOR_COUNT_MAX = 1 << 16;

    /// The first process found that holds a lock on what a path names; this process too.
    ///
    /// @return null if none is found: it belongs to another user, has ended, or runs on another machine
    public static @Nullable LockHolder of(Path path) {
        final String name;
        try {
            name = path.toRealPath().toString();
        } catch (IOException e) {
            return null;
        }
        int budget = DESCRIPTOR_COUNT_MAX;
        for (final Path process : entries(PROC, "[0-9]*")) {
            for (final Path descriptor : entries(process.resolve("fd"), "*")) {
                budget--;
                if (budget == 0) {
                    return null;
                }
                if (leadsTo(descriptor, name) && isLocked(process, descriptor)) {
                    return new LockHolder(Integer.parseInt(last(process)), command(process));
                }
            }
        }
        return null;
    }

    /// Whether it is the running process.
    public boolean isSelf() {
        return processId == ProcessHandle.current().pid();
    }

    /// Processes come and go, and other users' are closed to us: what cannot be read is not there.
    private static List<Path> entries(Path folder, String pattern) {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, pattern)) {
            final List<Path> entries = new ArrayList<>();
            found.forEach(entries::add);
            return entries;
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
    }

    private static boolean leadsTo(Path descriptor, String name) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals(name);
        } catch (IOException e) {
            return false;
        }
    }

    /// The kernel lists an open file's locks as `lock: 1: OFDLCK  ADVISORY  WRITE -1 fe:00:1234 0 EOF`; those of
    /// flock(2), `FLOCK`, are others' business.
    private static boolean isLocked(Path process, Path descriptor) {
        try {
            final List<String> lines =
                    Files.readAllLines(process.resolve("fdinfo").resolve(last(descriptor)));
            return lines.stream()
                    .anyMatch(line -> line.startsWith("lock:") && (line.contains("OFDLCK") || line.contains("POSIX")));
        } catch (IOException e) {
            return false;
        }
    }

    private static String command(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            return "?";
        }
    }

    private static String last(Path path) {
        return String.valueOf(path.getFileName());
    }
}
