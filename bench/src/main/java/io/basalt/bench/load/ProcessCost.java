package io.basalt.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a process has cost since it began, by the kernel's own account.
record ProcessCost(long pid) {
    private static final double TICK_NS = 1e7;
    private static final int USER_TIME = 11;
    private static final int SYSTEM_TIME = 12;

    /// Processor time of all its threads, user and system, in nanoseconds; in steps of 10 ms.
    double cpuNs() throws IOException {
        final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The second field is the program's name in parentheses and may contain anything.
        final String[] behindName = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(behindName[USER_TIME]) + Long.parseLong(behindName[SYSTEM_TIME])) * TICK_NS;
    }

    /// Bytes that it has caused to be written to devices.
    double writtenBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/io")).stream()
                .filter(line -> line.startsWith("write_bytes: "))
                .mapToLong(line -> Long.parseLong(line.substring("write_bytes: ".length())))
                .findFirst()
                .orElseThrow(() -> new IOException("/proc/" + pid + "/io has no write_bytes"));
    }
}
