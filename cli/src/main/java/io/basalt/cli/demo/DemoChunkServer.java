package io.basalt.cli.demo;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.bench.ProcessCpu;
import io.basalt.cli.serve.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// The chunk server of a demo that is a process of its own, because only a process can be killed: its connections
/// then end, and what it was doing stops, at once and without a word. What it prints goes to a file.
final class DemoChunkServer implements AutoCloseable {
    private static final long START_LIMIT_NS = 60_000_000_000L;
    private static final long STEP_NS = 10_000_000;
    private static final int STOP_LIMIT_S = 20;

    private final String name;
    private final Path settings;
    private final Path log;
    private volatile Process process;
    private long logBytes;

    private DemoChunkServer(String name, Path settings, Path log) throws IOException {
        this.name = name;
        this.settings = settings;
        this.log = log;
        process = spawn();
        // Not even a demo that is interrupted leaves it behind.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> process.destroy()));
    }

    /// Start it; it is not ready yet.
    ///
    /// @param name of its table in the settings
    static DemoChunkServer start(String name, Path settings, Path log) throws IOException {
        return new DemoChunkServer(name, settings, log);
    }

    private Process spawn() throws IOException {
        logBytes = Files.exists(log) ? Files.size(log) : 0;
        return new ProcessBuilder(ChildJvm.command(List.of("serve", "chunk", name, "--config=" + settings)))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /// Wait until it listens.
    ///
    /// @throws CommandException if it ends instead
    void awaitReady() throws IOException {
        final long endNs = System.nanoTime() + START_LIMIT_NS;
        while (!printed().contains(" ready")) {
            if (!process.isAlive() || System.nanoTime() - endNs > 0) {
                throw new CommandException(ExitCode.FAILED, "chunk server " + name + " does not start", "see " + log);
            }
            LockSupport.parkNanos(STEP_NS);
        }
    }

    private String printed() throws IOException {
        final byte[] all = Files.readAllBytes(log);
        return new String(all, (int) logBytes, all.length - (int) logBytes, StandardCharsets.UTF_8);
    }

    /// End it as kill -9 does.
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /// Start it again after a [#kill].
    void startAgain() throws IOException {
        process = spawn();
    }

    /// Processor time of its process so far, in nanoseconds.
    long cpuNs() {
        return Math.max(0, new ProcessCpu(Math.toIntExact(process.pid())).nowNs());
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
