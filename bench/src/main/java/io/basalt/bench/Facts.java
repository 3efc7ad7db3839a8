package io.basalt.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a figure has to be read with: when it was taken, on what machine, from which source.
public final class Facts {
    private Facts() {}

    /// The facts of this run.
    public static ObjectNode now() {
        final ObjectNode facts = JsonNodeFactory.instance.objectNode();
        facts.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
                .put("commit", commit())
                .put("processor", processor())
                .put("processors", Runtime.getRuntime().availableProcessors())
                .put("kernel", System.getProperty("os.version"))
                .put("jdk", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"))
                .put("load_average", loadAverage());
        return facts;
    }

    private static String commit() {
        final String id = output(List.of("git", "rev-parse", "--short=12", "HEAD"));
        if (id.isEmpty()) {
            return "none";
        }
        return output(List.of("git", "status", "--porcelain", "--untracked-files=no"))
                        .isEmpty()
                ? id
                : id + "+changes";
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 2))
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException unreadable) {
            return "unknown";
        }
    }

    private static String loadAverage() {
        try {
            final String text = Files.readString(Path.of("/proc/loadavg"));
            return text.substring(0, text.indexOf(' '));
        } catch (IOException unreadable) {
            return "unknown";
        }
    }

    /// Output of a program, or nothing if it is missing or fails.
    private static String output(List<String> command) {
        try {
            final Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? text : "";
        } catch (IOException missing) {
            return "";
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
