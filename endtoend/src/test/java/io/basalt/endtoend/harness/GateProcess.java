package io.basalt.endtoend.harness;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A gate in a process of its own, started like in production. Its volumes and controllers live under one data
/// folder, so that a restarted gate brings them back by itself.
public final class GateProcess implements AutoCloseable {
    private static final Duration READY_BOUND = Duration.ofMinutes(1);
    private static final int END_BOUND_S = 60;

    private final Path data;
    private final Path rpcSocket;
    private Process process;
    private ProcessOutput output;

    private GateProcess(Path data, Path rpcSocket) throws IOException {
        this.data = data;
        this.rpcSocket = rpcSocket;
        this.process = launch();
        this.output = new ProcessOutput("gate", process.getInputStream());
    }

    /// Starts a gate and waits until it answers on its RPC socket.
    public static GateProcess start(TestFolder folder) throws IOException {
        final GateProcess gate = new GateProcess(folder.resolve("gate"), folder.resolve("rpc.sock"));
        try {
            gate.awaitReady();
        } catch (AssertionError | RuntimeException e) {
            gate.close();
            throw e;
        }
        return gate;
    }

    private Process launch() throws IOException {
        return ChildProcess.start(new ProcessBuilder(List.of(
                        Repository.java().toString(),
                        "-ea",
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.basalt.cli.Main",
                        "gate",
                        "run",
                        "--data",
                        data.toString(),
                        "--rpc-socket",
                        rpcSocket.toString(),
                        "--reactors",
                        "2"))
                .redirectErrorStream(true));
    }

    /// Readiness is a real answer, not the existence of a socket file, which a killed gate leaves behind.
    private void awaitReady() {
        Watch.until(
                "the gate answers on " + rpcSocket,
                READY_BOUND,
                () -> {
                    if (!process.isAlive()) {
                        throw new AssertionError(
                                "the gate ended with status " + process.exitValue() + "\n" + output.tail());
                    }
                    try {
                        rpc().call("spdk_get_version", Map.of());
                        return true;
                    } catch (IOException notYet) {
                        return false;
                    }
                },
                () -> output.tail());
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
        process = launch();
        output = new ProcessOutput("gate", process.getInputStream());
        awaitReady();
    }

    /// Asks the gate to end (SIGTERM) and returns its exit status.
    public int terminate() throws InterruptedException {
        process.destroy();
        awaitEnd();
        return process.exitValue();
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
        if (!process.waitFor(END_BOUND_S, TimeUnit.SECONDS)) {
            throw new AssertionError("the gate does not end\n" + output.tail());
        }
        output.join();
    }

    /// What the gate printed last.
    public String report() {
        return "--- gate\n" + output.tail();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            awaitEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
