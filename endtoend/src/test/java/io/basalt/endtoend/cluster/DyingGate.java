package io.basalt.endtoend.cluster;

import io.basalt.cli.Main;
import io.basalt.endtoend.harness.Repository;
import io.basalt.gate.config.GateLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// A gate that takes over from another one and gets stuck or is killed at a certain step of that:
/// as soon as it says so in its log, by SIGKILL, which it cannot know of before.
final class DyingGate {
    private static final Logger TAKEOVER = Logger.getLogger("io.basalt.gate.handover.Takeover");

    private DyingGate() {}

    /// What becomes of it.
    enum End {
        DIES,
        HANGS
    }

    /// Runs the command until that step.
    ///
    /// @param arguments what becomes of it at which step `FROM->TO`, then the command's
    public static void main(String[] arguments) {
        TAKEOVER.addHandler(new Handler() {
            @Override
            public void publish(LogRecord event) {
                final Object[] values = event.getParameters();
                if (Thread.currentThread().getName().startsWith(GateLog.REHEARSAL)) {
                    return;
                }
                if (values != null && values.length >= 2 && (values[0] + "->" + values[1]).equals(arguments[1])) {
                    end(End.valueOf(arguments[0]));
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
        Main.main(Arrays.copyOfRange(arguments, 2, arguments.length));
    }

    private static void end(End how) {
        try {
            if (how == End.DIES) {
                new ProcessBuilder(
                                "kill",
                                "-9",
                                Long.toString(ProcessHandle.current().pid()))
                        .start();
            }
        } catch (IOException failure) {
            Runtime.getRuntime().halt(1);
        }
        while (true) {
            LockSupport.park();
        }
    }

    /// Makes a program of it that a gate can be told to start.
    ///
    /// @param step `FROM->TO`
    static Path program(Path folder, End how, String step) throws IOException {
        final Path program = folder.resolve(how + "-at-" + step.replaceAll("[^A-Z]+", "-"));
        Files.writeString(program, """
            #!/bin/sh
            exec '%s' -ea --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmx256m -cp '%s' %s %s '%s' "$@"
            """.formatted(
                Repository.java(), System.getProperty("java.class.path"), DyingGate.class.getName(), how, step));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }
}
