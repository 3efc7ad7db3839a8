package io.basalt.bench.load;

import io.basalt.bench.Jvm;
import java.io.IOException;
import java.util.List;

/// A process that does nothing but keep processors busy: the stand-in for a client that polls, where a program is
/// measured that needs no client. Processors that share a core or a power budget may be slower beside it, and a
/// ratio should not hide that.
final class BusyProcessor implements AutoCloseable {
    private final Process process;

    /// @param cpus processors to keep busy one of, as taskset takes them
    BusyProcessor(String cpus) throws IOException {
        final List<String> command = Jvm.pinned(cpus);
        command.addAll(List.of("sh", "-c", "while :; do :; done"));
        process = new ProcessBuilder(command).start();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
