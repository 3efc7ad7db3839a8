package io.basalt.cli.serve;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A daemon's process: the same Java, the same classes, and the options of a server.
public final class ChildJvm {
    /// The variable that a daemon finds set which is started again when it ends.
    static final String SUPERVISED = "BASALT_SUPERVISED";

    private static final List<String> SERVER = List.of(
            "-ea",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseZGC",
            "-XX:FreqInlineSize=800",
            "-XX:MaxDirectMemorySize=16g",
            "-XX:+AlwaysPreTouch",
            "-XX:+DisableAttachMechanism");

    private static final List<String> HEAP = List.of("-Xms512m", "-Xmx512m");

    /// Less memory as long as less will do: what a killed gate has is given back by the kernel before anybody can
    /// see that it is dead, 0.2 to 0.3 ms for each MiB, and guests wait for that.
    private static final List<String> GATE_HEAP = List.of("-Xms96m", "-XX:SoftMaxHeapSize=96m", "-Xmx512m");

    private ChildJvm() {}

    /// Start a process whose output is this one's.
    ///
    /// @param arguments of the basalt command
    static Process start(List<String> arguments) throws IOException {
        final ProcessBuilder child = new ProcessBuilder(command(arguments)).inheritIO();
        child.environment().put(SUPERVISED, "1");
        return child.start();
    }

    private static boolean isGate(List<String> arguments) {
        return arguments.getFirst().equals("gate")
                || arguments.stream().limit(2).toList().equals(List.of("serve", "gate"));
    }

    /// The words that start such a process.
    ///
    /// @param arguments of the basalt command
    public static List<String> command(List<String> arguments) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(SERVER);
        command.addAll(isGate(arguments) ? GATE_HEAP : HEAP);
        command.addAll(List.of(
                System.getenv().getOrDefault("BASALT_JAVA_OPTS", "").strip().split("\\s+")));
        command.removeIf(String::isEmpty);
        command.add("-cp");
        command.add(ManagementFactory.getRuntimeMXBean().getClassPath());
        command.add("io.basalt.cli.Main");
        command.addAll(arguments);
        return command;
    }
}
