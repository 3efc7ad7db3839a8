package io.basalt.endtoend.chaos;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One daemon as a process of its own, which may be killed and started again as often as one likes. What it prints
/// goes to a file.
///
/// Concurrency: one thread starts and ends it; [#pid()] may be asked by any.
final class DaemonProcess {
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final long STEP_NS = 10_000_000;
    private static final String READY = " ready";

    private final String name;
    private final List<String> arguments;
    private final Path log;
    private Release release = Release.THIS;
    private volatile @Nullable Process process;
    private long logBytes;
    private int starts;

    /// @param name for people, such as `chunk a`
    /// @param arguments of the basalt command
    /// @param log where its output is added
    DaemonProcess(String name, List<String> arguments, Path log) {
        this.name = name;
        this.arguments = List.copyOf(arguments);
        this.log = log;
    }

    String name() {
        return name;
    }

    /// Which release it is of when it is started next.
    void release(Release next) {
        release = next;
    }

    /// Times it was started.
    int starts() {
        return starts;
    }

    /// Number of its process; 0 if it does not run.
    long pid() {
        final Process now = process;
        return now == null || !now.isAlive() ? 0 : now.pid();
    }

    boolean isAlive() {
        return pid() != 0;
    }

    /// Start it; it is not ready yet.
    void start() throws IOException {
        logBytes = Files.exists(log) ? Files.size(log) : 0;
        final List<String> command = release.command(arguments);
        final Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        Children.add(started);
        process = started;
        starts++;
    }

    /// Wait until it says that it is ready.
    ///
    /// @throws IOException if it ends instead, or says nothing for long
    void awaitReady() throws IOException {
        final long endNs = System.nanoTime() + START_LIMIT.toNanos();
        while (!output().contains(READY)) {
            if (!isAlive() || System.nanoTime() - endNs > 0) {
                throw new IOException(name + " has not started:\n" + output());
            }
            LockSupport.parkNanos(STEP_NS);
        }
    }

    /// What it printed since it was started last.
    String output() throws IOException {
        if (!Files.exists(log)) {
            return "";
        }
        final byte[] all = Files.readAllBytes(log);
        return new String(all, (int) logBytes, all.length - (int) logBytes, StandardCharsets.UTF_8);
    }

    /// Send it a signal.
    ///
    /// @param signal as `kill` takes it: STOP, CONT, KILL
    void signal(String signal) throws IOException {
        final long pid = pid();
        if (pid == 0) {
            throw new IOException(name + " does not run any more:\n" + output());
        }
        run(List.of("kill", "-" + signal, Long.toString(pid)));
    }

    /// End it at once, as kill -9 does.
    void kill() throws IOException {
        final Process now = process;
        if (now != null) {
            now.destroyForcibly();
            await(now);
        }
    }

    /// End it the orderly way.
    ///
    /// @return whether it has ended by itself, with status 0
    boolean terminate() throws IOException {
        final Process now = process;
        if (now == null || !now.isAlive()) {
            return false;
        }
        now.destroy();
        await(now);
        return now.exitValue() == 0;
    }

    private void await(Process ending) throws IOException {
        try {
            if (!ending.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                ending.destroyForcibly();
                throw new IOException(name + " does not end within " + STOP_LIMIT.toSeconds() + " s");
            }
        } catch (InterruptedException interrupted) {
            ending.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    /// Run a program to its end.
    ///
    /// @throws IOException if it fails
    static void run(List<String> command) throws IOException {
        final Process sent = new ProcessBuilder(command).inheritIO().start();
        try {
            if (sent.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " failed");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }
}
