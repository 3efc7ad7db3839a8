package io.basalt.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The command that starts a JVM like the gate's, with this one's class path, on given processors.
public final class Jvm {
    /// What the launcher starts the gate with.
    private static final List<String> OPTIONS = List.of(
            "-ea",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseZGC",
            "-Xms512m",
            "-Xmx512m",
            "-XX:FreqInlineSize=800");

    private Jvm() {}

    /// Words of a command that runs a main class.
    ///
    /// @param cpus as taskset takes them; empty for any
    public static List<String> command(String cpus, String mainClass, List<String> arguments) {
        return command(cpus, List.of(), mainClass, arguments);
    }

    /// The same with more JVM options.
    public static List<String> command(String cpus, List<String> options, String mainClass, List<String> arguments) {
        final List<String> command = pinned(cpus);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(OPTIONS);
        command.addAll(options);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(mainClass);
        command.addAll(arguments);
        return command;
    }

    /// The beginning of a command that is kept on some processors.
    public static List<String> pinned(String cpus) {
        return cpus.isEmpty() ? new ArrayList<>() : new ArrayList<>(List.of("taskset", "-c", cpus));
    }
}
