package io.basalt.endtoend.harness;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program of this project in a JVM of its own.
public final class JavaProgram implements AutoCloseable {
    private static final int END_BOUND_S = 300;

    private final Process process;
    private final ProcessOutput output;

    private JavaProgram(String mainClass, Process process) {
        this.process = process;
        this.output = new ProcessOutput(mainClass, process.getInputStream());
    }

    /// Starts a main class with the class path of the tests.
    public static JavaProgram start(String mainClass, String... arguments) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                Repository.java().toString(),
                "-ea",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-XX:MaxDirectMemorySize=4g",
                "-cp",
                System.getProperty("java.class.path"),
                mainClass));
        command.addAll(List.of(arguments));
        return new JavaProgram(mainClass, ChildProcess.start(new ProcessBuilder(command).redirectErrorStream(true)));
    }

    /// Waits for the end.
    ///
    /// @return the exit status
    public int awaitEnd() throws InterruptedException {
        if (!process.waitFor(END_BOUND_S, TimeUnit.SECONDS)) {
            throw new AssertionError("the program does not end\n" + output.tail());
        }
        output.join();
        return process.exitValue();
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// @return the exit status
    public int terminate() throws InterruptedException {
        process.destroy();
        return awaitEnd();
    }

    /// Its process id.
    public long processId() {
        return process.pid();
    }

    /// Whether it still runs.
    public boolean isAlive() {
        return process.isAlive();
    }

    /// What it has printed, on both streams.
    public String output() {
        return output.tail();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
