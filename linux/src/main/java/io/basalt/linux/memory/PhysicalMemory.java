package io.basalt.linux.memory;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory of the machine.
public final class PhysicalMemory {
    private static final Path FACTS = Path.of("/proc/meminfo");
    private static final String TOTAL = "MemTotal:";

    private PhysicalMemory() {}

    /// All of it, in bytes, whatever this process may have of it.
    ///
    /// @throws LinuxException if the kernel does not tell
    public static long totalBytes() {
        try {
            for (final String line : Files.readAllLines(FACTS)) {
                if (line.startsWith(TOTAL)) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException e) {
            throw new LinuxException("read", Errno.EIO, FACTS + ": " + e.getMessage());
        }
        throw new LinuxException("read", Errno.ENODATA, FACTS + " has no " + TOTAL);
    }
}
