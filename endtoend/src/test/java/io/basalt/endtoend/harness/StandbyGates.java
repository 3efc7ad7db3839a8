package io.basalt.endtoend.harness;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// A holder, a gate and gates that stand by, each in a process of its own, started as a service manager would.
public final class StandbyGates implements AutoCloseable {
    private static final Duration READY_BOUND = Duration.ofMinutes(5);
    private static final int END_BOUND_S = 300;
    private static final int TAIL_CHARACTERS = 6000;
    private static final String READY = "standby could take over at once";
    private static final String OWNER = "standby TAKING -> OWNER";

    private final TestFolder folder;
    private final List<String> words;
    private final Path rpcSocket;
    private final Deque<Gate> standing = new ArrayDeque<>();
    private final Path holderOutput;
    private final Path data;
    private ProcessHandle holder;
    private Gate serving;
    private int started;

    /// A gate's process and what it prints.
    private record Gate(ProcessHandle process, Path output) {
        String text() {
            try {
                return Files.readString(output, StandardCharsets.UTF_8);
            } catch (IOException failure) {
                return "(no output: " + failure.getMessage() + ")";
            }
        }

        String tail() {
            final String text = text();
            return "--- " + output.getFileName() + "\n" + text.substring(Math.max(0, text.length() - TAIL_CHARACTERS));
        }
    }

    private StandbyGates(TestFolder folder, List<String> words, Path data, Path rpcSocket) throws IOException {
        this.folder = folder;
        this.words = words;
        this.data = data;
        this.rpcSocket = rpcSocket;
        this.holderOutput = folder.resolve("holder.log");
        this.holder = startHolder();
        this.serving = startGate();
    }

    /// Starts a holder and a gate of their own, for local volumes.
    public static StandbyGates start(TestFolder folder) throws IOException {
        final Path data = folder.resolve("gate");
        final Path rpcSocket = folder.resolve("rpc.sock");
        return start(
                folder,
                List.of(
                        "gate",
                        "run",
                        "--standby",
                        "--data",
                        data.toString(),
                        "--rpc-socket",
                        rpcSocket.toString(),
                        "--metrics",
                        "none",
                        "--reactors",
                        "1"),
                data,
                rpcSocket);
    }

    /// Starts a holder and a gate by a command, and waits until it answers.
    ///
    /// @param data the gate's folder
    static StandbyGates start(TestFolder folder, List<String> words, Path data, Path rpcSocket) throws IOException {
        final StandbyGates gates = new StandbyGates(folder, words, data, rpcSocket);
        try {
            gates.awaitAnswer();
            return gates;
        } catch (AssertionError | RuntimeException failure) {
            gates.close();
            throw failure;
        }
    }

    private static ProcessHandle launch(List<String> arguments, Path output) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                Repository.java().toString(),
                "-ea",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.basalt.cli.Main"));
        command.addAll(arguments);
        return ChildProcess.start(new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile())))
                .toHandle();
    }

    private ProcessHandle startHolder() throws IOException {
        final ProcessHandle made = launch(List.of("gate", "holder", "--data", data.toString()), holderOutput);
        final Gate shown = new Gate(made, holderOutput);
        final int before = Files.exists(holderOutput) ? count(shown.text()) : 0;
        Watch.until(
                "the holder is ready", READY_BOUND, () -> count(shown.text()) > before || !made.isAlive(), shown::tail);
        return made;
    }

    private static int count(String text) {
        return text.split("basalt gate holder ready", -1).length - 1;
    }

    private Gate startGate() throws IOException {
        final Path output = folder.resolve("gate-" + started++ + ".log");
        return new Gate(launch(words, output), output);
    }

    private void awaitAnswer() {
        Watch.until(
                "the gate answers on " + rpcSocket,
                READY_BOUND,
                () -> {
                    try {
                        rpc().call("spdk_get_version", Map.of());
                        return true;
                    } catch (IOException notYet) {
                        return false;
                    }
                },
                this::report);
    }

    /// Starts another gate, which stands by.
    public void addStandby() throws IOException {
        standing.add(startGate());
    }

    /// Waits until one of those that stand by could take over at once.
    public void awaitStandby() {
        Watch.until(
                "a gate stands by",
                READY_BOUND,
                () -> standing.stream()
                        .anyMatch(
                                gate -> gate.process().isAlive() && gate.text().contains(READY)),
                this::report);
    }

    /// Kills the gate that serves (SIGKILL). One that stands by takes over.
    public void killServing() throws InterruptedException {
        end(serving.process());
    }

    /// Kills every gate that stands by.
    public void killStandbys() throws InterruptedException {
        while (!standing.isEmpty()) {
            end(standing.removeFirst().process());
        }
    }

    /// Kills the holder.
    public void killHolder() throws InterruptedException {
        end(holder);
    }

    /// Starts another holder.
    public void restartHolder() throws IOException {
        holder = startHolder();
    }

    private static void end(ProcessHandle process) throws InterruptedException {
        process.destroyForcibly();
        try {
            process.onExit().get(END_BOUND_S, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            throw new AssertionError("a process does not end", failure);
        }
    }

    /// Waits until a gate that stood by is the gate.
    public void awaitTakeOver() {
        Watch.until("a gate has taken over", READY_BOUND, () -> owner() != null, this::report);
        final Gate now = Objects.requireNonNull(owner());
        standing.remove(now);
        serving = now;
    }

    /// Has a new process take over from the gate that serves, by agreement.
    public void handOver() throws IOException {
        final long next = rpc().call("gate_handover", Map.of(), READY_BOUND)
                .path("process_id")
                .longValue();
        final ProcessHandle process = ProcessHandle.of(next)
                .orElseThrow(() -> new AssertionError("process " + next + " has ended\n" + report()));
        ChildProcess.adopt(process);
        serving = new Gate(process, serving.output());
        awaitAnswer();
    }

    private @Nullable Gate owner() {
        return standing.stream()
                .filter(gate -> gate.text().contains(OWNER))
                .findFirst()
                .orElse(null);
    }

    public GateRpc rpc() {
        return new GateRpc(rpcSocket);
    }

    /// What the gate that serves has printed.
    public String servingOutput() {
        return serving.text();
    }

    /// What the holder has printed.
    public String holderOutput() {
        return new Gate(holder, holderOutput).text();
    }

    /// What all of them printed last.
    public String report() {
        final StringBuilder text = new StringBuilder(new Gate(holder, holderOutput).tail()).append(serving.tail());
        standing.forEach(gate -> text.append(gate.tail()));
        return text.toString();
    }

    @Override
    public void close() {
        final List<ProcessHandle> all = new ArrayList<>(List.of(holder, serving.process()));
        standing.forEach(gate -> all.add(gate.process()));
        try {
            for (final ProcessHandle each : all) {
                end(each);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
