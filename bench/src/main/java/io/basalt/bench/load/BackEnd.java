package io.basalt.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A process that serves disks on sockets.
public abstract class BackEnd implements AutoCloseable {
    private static final long START_LIMIT_NS = 20_000_000_000L;
    private static final long STEP_NS = 20_000_000;
    private static final int STOP_LIMIT_S = 10;

    private final Process process;

    BackEnd(Process process) {
        this.process = process;
    }

    /// What the process has cost so far.
    final ProcessCost cost() {
        return new ProcessCost(process.pid());
    }

    /// Socket of a disk.
    abstract Path socket(String disk);

    final void await(Path path) throws IOException {
        final long endNs = System.nanoTime() + START_LIMIT_NS;
        while (!Files.exists(path)) {
            if (!process.isAlive() || System.nanoTime() - endNs > 0) {
                throw new IOException("no socket " + path + ": the back end has not started");
            }
            LockSupport.parkNanos(STEP_NS);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_LIMIT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
