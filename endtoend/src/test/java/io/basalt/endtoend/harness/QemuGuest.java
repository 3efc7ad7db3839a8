package io.basalt.endtoend.harness;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A running QEMU with a test guest in it. The guest talks to the test through lines on its serial console that
/// start with `@@ ` (see `endtoend/guest/init`); the test talks back through the same console and through QMP.
///
/// A boot that shows no sign of life is tried again: an emulated guest on a starved host can miss a timer
/// interrupt for good. A guest that has said anything gets no second try.
public final class QemuGuest implements AutoCloseable {
    private static final Duration BOOT_BOUND = Duration.ofMinutes(4);
    private static final Duration END_BOUND = Duration.ofMinutes(10);
    private static final int BOOT_TRIES = 3;

    private final Process process;
    private final ProcessOutput console;
    private final ProcessOutput errors;
    private final Path qmpSocket;

    private QemuGuest(GuestMachine machine, GuestImage image, Path qmpSocket) throws IOException {
        final List<String> command = machine.command(image, qmpSocket);
        this.process = ChildProcess.start(new ProcessBuilder(command));
        this.console = new ProcessOutput("guest console", process.getInputStream());
        this.errors = new ProcessOutput("qemu", process.getErrorStream());
        this.qmpSocket = qmpSocket;
    }

    /// Boots a guest and waits until its first process runs and has found the disk.
    public static QemuGuest boot(GuestMachine machine, TestFolder folder) throws IOException, InterruptedException {
        final GuestImage image = GuestImage.prepare();
        for (int attempt = 1; ; attempt++) {
            final QemuGuest guest = start(machine, image, folder);
            try {
                guest.awaitMarker("BOOTED", BOOT_BOUND);
                return guest;
            } catch (AssertionError | RuntimeException e) {
                final boolean silent =
                        guest.console.find(line -> line.startsWith("@@ ")).isEmpty();
                final boolean alive = guest.process.isAlive();
                guest.close();
                if (!silent || !alive || attempt == BOOT_TRIES) {
                    throw e;
                }
                System.out.println("the guest did not come up in " + BOOT_BOUND.toSeconds() + " s, try " + attempt
                        + " of " + BOOT_TRIES);
            }
        }
    }

    /// Starts QEMU without waiting for the guest: the destination of a migration, or a QEMU whose back end
    /// comes later.
    public static QemuGuest start(GuestMachine machine, TestFolder folder) throws IOException, InterruptedException {
        return start(machine, GuestImage.prepare(), folder);
    }

    private static QemuGuest start(GuestMachine machine, GuestImage image, TestFolder folder) throws IOException {
        final String name = "qmp" + Long.toHexString(System.nanoTime()) + ".sock";
        return new QemuGuest(machine, image, folder.resolve(name));
    }

    /// Opens a QMP connection; QEMU serves one at a time.
    public Qmp qmp() throws IOException {
        return Qmp.connect(qmpSocket);
    }

    /// Waits for a line `@@ marker...` and returns what follows the marker.
    ///
    /// @throws AssertionError when the guest reports a failure, QEMU ends, or the bound passes
    public String awaitMarker(String marker, Duration bound) {
        final Predicate<String> wanted = line -> line.equals("@@ " + marker) || line.startsWith("@@ " + marker + " ");
        Watch.until(
                "the guest says '" + marker + "'",
                bound,
                () -> {
                    final boolean alive = process.isAlive();
                    if (console.find(wanted).isPresent()) {
                        return true;
                    }
                    refuseFailure();
                    if (!alive && !drained(wanted)) {
                        throw new AssertionError("QEMU ended with status " + process.exitValue() + " before '" + marker
                                + "'\n" + report());
                    }
                    return !alive;
                },
                this::report);
        return console.find(wanted).orElseThrow().substring(3 + marker.length()).strip();
    }

    /// After the process ended, its last lines may still be on their way through the pipe.
    private boolean drained(Predicate<String> wanted) {
        try {
            console.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        refuseFailure();
        return console.find(wanted).isPresent();
    }

    private void refuseFailure() {
        final Optional<String> failure = console.find(line -> line.startsWith("@@ FAIL"));
        if (failure.isPresent()) {
            throw new AssertionError("the guest failed: " + failure.get() + "\n" + report());
        }
    }

    /// The number of rounds the guest's `rounds` script has completed.
    public int rounds() {
        return (int) console.lines().stream()
                .filter(line -> line.startsWith("@@ ROUND "))
                .count();
    }

    /// Waits until this console has shown so many rounds.
    public void awaitRounds(int count, Duration bound) {
        Watch.until(
                "the guest completes " + count + " rounds",
                bound,
                () -> {
                    refuseFailure();
                    if (!process.isAlive()) {
                        throw new AssertionError("QEMU ended with status " + process.exitValue() + "\n" + report());
                    }
                    return rounds() >= count;
                },
                this::report);
    }

    /// Types a line on the guest's console.
    public void type(String line) throws IOException {
        final OutputStream keyboard = process.getOutputStream();
        keyboard.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        keyboard.flush();
    }

    /// Waits until the guest's script has passed and the guest has powered off.
    ///
    /// @throws AssertionError when it failed, or QEMU did not end with status 0
    public void awaitSuccess() throws InterruptedException {
        awaitMarker("PASS", END_BOUND);
        if (!process.waitFor(END_BOUND.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the guest passed and did not power off\n" + report());
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("QEMU ended with status " + process.exitValue() + "\n" + report());
        }
    }

    /// What the guest and QEMU printed last.
    public String report() {
        return "--- guest console\n" + console.tail() + "\n--- qemu\n" + errors.tail();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /// Kills QEMU if it still runs.
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(60, TimeUnit.SECONDS);
            console.join();
            errors.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
