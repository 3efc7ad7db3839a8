package io.basalt.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Processor time of another process, as /proc tells it: user and system, all threads, in clock ticks of 10 ms.
public final class ProcessCpu {
    // proc(5): fields after the command, which may hold blanks and ends with the last parenthesis; utime is the 12th
    // of them, stime the 13th. The kernel counts in USER_HZ, which is 100 on every architecture that runs this.
    private static final int USER = 11;
    private static final int SYSTEM = 12;
    private static final long TICK_NS = 10_000_000;

    private final Path stat;

    public ProcessCpu(int processId) {
        this.stat = Path.of("/proc", Integer.toString(processId), "stat");
    }

    /// Nanoseconds so far, or -1 if the process cannot be seen.
    public long nowNs() {
        final String line;
        try {
            line = Files.readString(stat);
        } catch (IOException gone) {
            return -1;
        }
        final String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[USER]) + Long.parseLong(fields[SYSTEM])) * TICK_NS;
    }
}
