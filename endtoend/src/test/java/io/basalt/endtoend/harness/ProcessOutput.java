package io.basalt.endtoend.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// The lines a process has printed so far, collected by a thread of their own until the stream ends.
public final class ProcessOutput {
    private static final int TAIL_LINES = 60;

    private final List<String> lines = new ArrayList<>();
    private final Thread reader;

    ProcessOutput(String name, InputStream stream) {
        reader = Thread.ofPlatform().daemon().name("output of " + name).start(() -> collect(stream));
    }

    private void collect(InputStream stream) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                synchronized (lines) {
                    lines.add(line.replace("\r", ""));
                }
            }
        } catch (IOException closed) {
            synchronized (lines) {
                lines.add("(stream closed: " + closed.getMessage() + ")");
            }
        }
    }

    /// All lines so far.
    public List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /// The first line so far that matches.
    public Optional<String> find(Predicate<String> predicate) {
        synchronized (lines) {
            return lines.stream().filter(predicate).findFirst();
        }
    }

    /// The last lines, for a failure's text.
    public String tail() {
        final List<String> all = lines();
        return String.join("\n", all.subList(Math.max(0, all.size() - TAIL_LINES), all.size()));
    }

    /// Waits for the end of the stream, which follows the end of the process.
    void join() throws InterruptedException {
        reader.join(5_000);
    }
}
