package io.basalt.endtoend.fuzz;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/// What the gate prints, read by a thread of its own: the last lines, and every line that tells of an error of
/// its own rather than of a peer's.
final class GateOutput {
    /// A stack trace, a failed assertion, a dropped poller, the end of a thread or of the process.
    private static final Pattern OWN_ERROR = Pattern.compile(
            "^\\s+at |thrown=|Exception|[a-z]Error\\b|after a fault|fatal: |SIGSEGV|SIGBUS|level=ERROR");

    private static final int TAIL_LINES = 40;
    private static final int ERRORS_MAX = 100;

    private final Deque<String> tail = new ArrayDeque<>();
    private final List<String> errors = new ArrayList<>();
    private final Thread reader;
    private long lineCount;

    GateOutput(InputStream stream) {
        reader = Thread.ofPlatform().daemon().name("output of the gate").start(() -> read(stream));
    }

    private void read(InputStream stream) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                take(line);
            }
        } catch (IOException closed) {
            take("(stream closed: " + closed.getMessage() + ")");
        }
    }

    private synchronized void take(String line) {
        lineCount++;
        tail.addLast(line);
        if (tail.size() > TAIL_LINES) {
            tail.removeFirst();
        }
        if (errors.size() < ERRORS_MAX && OWN_ERROR.matcher(line).find()) {
            errors.add(line);
        }
    }

    /// Lines that tell of an error of the gate's own.
    synchronized List<String> errors() {
        return List.copyOf(errors);
    }

    synchronized long lineCount() {
        return lineCount;
    }

    /// The last lines, for a failure's text.
    synchronized String tail() {
        return String.join("\n", tail);
    }

    void join() throws InterruptedException {
        reader.join(5_000);
    }
}
