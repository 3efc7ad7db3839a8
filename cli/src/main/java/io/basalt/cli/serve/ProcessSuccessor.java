package io.basalt.cli.serve;

import io.basalt.gate.handover.Successor;
import io.basalt.linux.process.ServiceManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A gate's next process: the same command with the same arguments, told where to take over.
public final class ProcessSuccessor implements Successor {
    /// The option that tells a gate where to take over.
    public static final String OPTION = "--takeover";

    private static final String SYSTEMD_UNIT = "INVOCATION_ID";

    private final Process process;

    private ProcessSuccessor(Process process) {
        this.process = process;
    }

    /// What starts it.
    ///
    /// @param arguments that this process's command was given
    public static Launcher launcher(List<String> arguments) {
        return (socket, binary) -> {
            if (System.getenv(ChildJvm.SUPERVISED) != null) {
                throw new IOException("`basalt serve` supervises this gate and would start another one after it;"
                        + " run gates as services of their own, or with `basalt gate run`");
            }
            if (System.getenv(SYSTEMD_UNIT) != null && System.getenv(ServiceManager.VARIABLE) == null) {
                throw new IOException("systemd would end the new process with this one;"
                        + " set NotifyAccess=all in the service's unit");
            }
            final List<String> words = arguments(arguments, socket);
            final List<String> command = new ArrayList<>();
            if (binary.isEmpty()) {
                command.addAll(ChildJvm.command(words));
            } else {
                command.add(binary);
                command.addAll(words);
            }
            return new ProcessSuccessor(new ProcessBuilder(command).inheritIO().start());
        };
    }

    /// The same arguments, to take over at another socket.
    static List<String> arguments(List<String> own, Path socket) {
        final List<String> words = new ArrayList<>();
        for (int i = 0; i < own.size(); i++) {
            if (own.get(i).equals(OPTION)) {
                i++;
            } else if (!own.get(i).startsWith(OPTION + "=")) {
                words.add(own.get(i));
            }
        }
        words.add(OPTION);
        words.add(socket.toString());
        return words;
    }

    @Override
    public void destroy(Runnable gone) {
        // A program may be a script, whose child the gate is: found before it has lost its parent.
        final List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        final CompletableFuture<?>[] ends =
                all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new);
        final var _ = CompletableFuture.allOf(ends).thenRun(gone);
    }
}
