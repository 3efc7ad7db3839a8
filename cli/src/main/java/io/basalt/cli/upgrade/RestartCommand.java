package io.basalt.cli.upgrade;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A command of the operator's that restarts one process of the cluster, such as
/// `ssh {host} systemctl restart basalt-chunk@{name}`.
///
/// It must have stopped the process when it ends; the new one need not answer yet. Words are separated by blanks, no
/// shell is involved, and names are put in after that: `{name}` what the host calls it, `{node}` what the cluster calls
/// it, `{host}` where it stands.
///
/// @param words of the command
record RestartCommand(List<String> words) {
    private static final long LIMIT_S = 120;
    private static final int OUTPUT_BYTES_MAX = 4096;

    RestartCommand {
        words = List.copyOf(words);
    }

    /// The command that a text is.
    static RestartCommand of(String text) {
        return new RestartCommand(List.of(text.strip().split("\\s+")));
    }

    /// The words for one member.
    List<String> wordsFor(Member member) {
        final List<String> filled = new ArrayList<>();
        for (final String word : words) {
            filled.add(word.replace("{name}", member.instance())
                    .replace("{node}", member.name())
                    .replace("{host}", member.host()));
        }
        return filled;
    }

    /// Gives the command.
    ///
    /// @throws IOException if it cannot be run, fails or does not end; says why
    void run(Member member) throws IOException, InterruptedException {
        final List<String> command = wordsFor(member);
        final Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        final byte[] output;
        try (InputStream from = process.getInputStream()) {
            output = from.readNBytes(OUTPUT_BYTES_MAX);
        }
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("`" + String.join(" ", command) + "` has not ended after " + LIMIT_S + " s");
        }
        if (process.exitValue() != 0) {
            throw new IOException("`" + String.join(" ", command) + "` failed with status " + process.exitValue() + ": "
                    + new String(output, StandardCharsets.UTF_8).strip());
        }
    }
}
