package io.basalt.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A program that is run to its end for what it prints.
public final class Command {
    private Command() {}

    /// Run it.
    ///
    /// @return its standard output
    /// @throws IOException if it cannot be started, or fails; what it said is in the message
    /// @throws InterruptedException if the thread is interrupted while waiting
    public static String run(List<String> words) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        final int status = process.waitFor();
        if (status != 0) {
            throw new IOException(String.join(" ", words) + " ended with status " + status + ": " + output);
        }
        return output;
    }
}
