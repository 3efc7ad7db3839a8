package io.basalt.endtoend.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;

/// A gate in a process of its own, started like in production. Its volumes and controllers live under one data
/// folder, so that a restarted gate brings them back by itself. After a hand-over it is the process that took over.
public final class GateProcess implements AutoCloseable {
    private static final Duration READY_BOUND = Duration.ofMinutes(5);
    private static final Duration HANDOVER_BOUND = Duration.ofMinutes(10);
    private static final int END_BOUND_S = 300;

    /// How often a hand-over is asked for that a busy machine does not end in time.
    private static final int HANDOVER_TRIES = 5;

    /// How the gate ends its words on a step that took too long.
    private static final String LATE = "in time";

    private static final int TAIL_BYTES = 8192;

    private final List<String> words;
    private final Path rpcSocket;

    /// What all its processes print: a pipe would end with the first of them.
    private final Path output;

    private Process started;
    private ProcessHandle process;

    private GateProcess(List<String> words, Path rpcSocket, Path output) throws IOException {
        this.words = List.copyOf(words);
        this.rpcSocket = rpcSocket;
        this.output = output;
        this.started = launch();
        this.process = started.toHandle();
    }

    /// Starts a gate and waits until it answers on its RPC socket.
    public static GateProcess start(TestFolder folder) throws IOException {
        final Path rpcSocket = folder.resolve("rpc.sock");
        return start(
                List.of(
                        "gate",
                        "run",
                        "--data",
                        folder.resolve("gate").toString(),
                        "--rpc-socket",
                        rpcSocket.toString(),
                        "--reactors",
                        "2"),
                rpcSocket,
                folder.resolve("gate.log"));
    }

    /// Starts a gate by a command and waits until it answers.
    ///
    /// @param words of the command, without the program
    /// @param rpcSocket where it will answer
    /// @param output what it and its successors print
    static GateProcess start(List<String> words, Path rpcSocket, Path output) throws IOException {
        final GateProcess gate = new GateProcess(words, rpcSocket, output);
        try {
            gate.awaitReady();
        } catch (AssertionError | RuntimeException e) {
            gate.close();
            throw e;
        }
        return gate;
    }

    private Process launch() throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                Repository.java().toString(),
                "-ea",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.basalt.cli.Main"));
        command.addAll(words);
        return ChildProcess.start(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile())));
    }

    /// Readiness is a real answer, not the existence of a socket file, which a killed gate leaves behind.
    private void awaitReady() {
        Watch.until(
                "the gate answers on " + rpcSocket,
                READY_BOUND,
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError("the gate has ended\n" + report());
                    }
                    try {
                        rpc().call("spdk_get_version", Map.of());
                        return true;
                    } catch (IOException notYet) {
                        return false;
                    }
                },
                this::report);
    }

    public GateRpc rpc() {
        return new GateRpc(rpcSocket);
    }

    /// Ends the gate the hard way: SIGKILL, in the middle of whatever it does.
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
    }

    /// Starts the gate again over the same data folder and waits until it answers.
    public void restart() throws IOException {
        if (process.isAlive()) {
            throw new IllegalStateException("the gate still runs");
        }
        started = launch();
        process = started.toHandle();
        awaitReady();
    }

    /// Asks the gate to end (SIGTERM) and returns its exit status. Not after a hand-over, of whose process no status
    /// is to be had.
    public int terminate() throws InterruptedException {
        if (process.pid() != started.pid()) {
            throw new IllegalStateException("the gate is a process that took over");
        }
        process.destroy();
        awaitEnd();
        return started.waitFor();
    }

    /// Has a new process take over, and waits for the end of the old one. A step that did not end in time on a
    /// busy machine is no failure: the gate serves on, and is asked again.
    ///
    /// @return what the old one said of it
    public JsonNode handOver() throws IOException, InterruptedException {
        JsonNode said = rpc().exchange("gate_handover", Map.of(), HANDOVER_BOUND);
        for (int tried = 1; isLate(said) && tried < HANDOVER_TRIES; tried++) {
            said = rpc().exchange("gate_handover", Map.of(), HANDOVER_BOUND);
        }
        if (said.has("error")) {
            throw new AssertionError("nothing was handed over: " + said + "\n" + report());
        }
        final JsonNode answer = said.path("result");
        final long next = answer.path("process_id").longValue();
        awaitEnd();
        process = ProcessHandle.of(next)
                .orElseThrow(() -> new AssertionError("process " + next + " has ended\n" + report()));
        ChildProcess.adopt(process);
        awaitReady();
        return answer;
    }

    /// Has a program try to take over, which fails: the gate stays the same process.
    ///
    /// @return why nothing was handed over
    public String handOverInVain(Path program) throws IOException {
        final Map<String, Object> parameters = Map.of("binary", program.toString());
        JsonNode answer = rpc().exchange("gate_handover", parameters, HANDOVER_BOUND);
        for (int tried = 1; isLate(answer) && tried < HANDOVER_TRIES; tried++) {
            answer = rpc().exchange("gate_handover", parameters, HANDOVER_BOUND);
        }
        if (!answer.has("error") || !process.isAlive()) {
            throw new AssertionError("the hand-over was done, or the gate has ended: " + answer + "\n" + report());
        }
        return answer.path("error").toString();
    }

    private static boolean isLate(JsonNode answer) {
        return answer.path("error").toString().contains(LATE);
    }

    /// Ends the processes that the gate has started, the hard way.
    public void killSuccessors() {
        process.children().forEach(ProcessHandle::destroyForcibly);
    }

    /// Stops the gate's threads without its knowledge, as an overloaded host would (SIGSTOP).
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /// Lets a frozen gate go on (SIGCONT).
    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        final int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new IOException("kill -" + name + " " + process.pid() + " failed with status " + status);
        }
    }

    private void awaitEnd() throws InterruptedException {
        try {
            process.onExit().get(END_BOUND_S, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the gate does not end\n" + report(), e);
        }
    }

    /// What the gate printed last.
    public String report() {
        try (RandomAccessFile log = new RandomAccessFile(output.toFile(), "r")) {
            final byte[] tail = new byte[(int) Math.min(log.length(), TAIL_BYTES)];
            log.seek(log.length() - tail.length);
            log.readFully(tail);
            return "--- gate\n" + new String(tail, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "--- gate\n(no output: " + e.getMessage() + ")";
        }
    }

    @Override
    public void close() {
        killSuccessors();
        process.destroyForcibly();
        try {
            awaitEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
