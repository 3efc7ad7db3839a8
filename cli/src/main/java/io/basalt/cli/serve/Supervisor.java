package io.basalt.cli.serve;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Keeps the daemons of one host running, each in its process: starts them in order, starts one again that
/// ends, and stops all of them in the reverse order.
///
/// A daemon that ends before it ever ran for a while cannot run: then everything is stopped, with its status.
///
/// Concurrency: one thread for each child waits for its end; [#stop] and the children's threads meet at `this`.
final class Supervisor {
    private static final Duration SETTLED = Duration.ofSeconds(5);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final long RESTART_MS = 1000;

    /// What starts a child's process.
    interface Launcher {
        /// Start it; its output goes where this process's goes.
        ///
        /// @param arguments of the basalt command
        Process start(List<String> arguments) throws IOException;
    }

    private final Launcher launcher;
    private final PrintWriter out;
    private final CompletableFuture<Integer> failed;
    private final List<Child> children = new ArrayList<>();
    private boolean stopping;

    /// @param failed completed with a status when a daemon cannot run
    Supervisor(Launcher launcher, PrintWriter out, CompletableFuture<Integer> failed) {
        this.launcher = launcher;
        this.out = out;
        this.failed = failed;
    }

    private final class Child {
        private final String name;
        private final List<String> arguments;
        private Process process;
        private boolean settled;
        private long startedNs;

        Child(String name, List<String> arguments) throws IOException {
            this.name = name;
            this.arguments = arguments;
            process = launcher.start(arguments);
            startedNs = System.nanoTime();
        }

        private void watch() {
            try {
                while (ended(process.waitFor())) {
                    // A moment, so that one which ends at once does not keep the host busy.
                    Thread.sleep(RESTART_MS);
                    if (!startAgain()) {
                        return;
                    }
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private boolean ended(int status) {
            synchronized (Supervisor.this) {
                if (stopping) {
                    return false;
                }
                settled |= System.nanoTime() - startedNs > SETTLED.toNanos();
                if (!settled) {
                    failed.complete(status == 0 ? 1 : status);
                    return false;
                }
                say(name + " ended with status " + status + "; starting it again");
                return true;
            }
        }

        private boolean startAgain() {
            synchronized (Supervisor.this) {
                if (stopping) {
                    return false;
                }
                try {
                    process = launcher.start(arguments);
                    startedNs = System.nanoTime();
                    return true;
                } catch (IOException failure) {
                    say(name + " cannot be started: " + failure.getMessage());
                    failed.complete(1);
                    return false;
                }
            }
        }
    }

    /// Start a daemon and watch it.
    synchronized void start(String name, List<String> arguments) throws IOException {
        final Child child = new Child(name, arguments);
        children.add(child);
        Thread.ofPlatform().name("watch-" + name).daemon().start(child::watch);
    }

    /// Stop everything, last started first.
    void stop() throws InterruptedException {
        final List<Child> all;
        synchronized (this) {
            stopping = true;
            all = children.reversed();
        }
        for (final Child child : all) {
            child.process.destroy();
            if (!child.process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                say(child.name + " does not stop within " + STOP_LIMIT.toSeconds() + " s; killing it");
                child.process.destroyForcibly();
            }
        }
    }

    private void say(String text) {
        out.println("basalt serve: " + text);
        out.flush();
    }
}
