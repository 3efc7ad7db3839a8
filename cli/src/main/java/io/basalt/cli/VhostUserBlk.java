package io.basalt.cli;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.linux.process.DaemonProcess;
import io.basalt.linux.socket.UnixListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `basalt-vhost-user-blk`: one disk on one socket, by QEMU's conventions for back-end programs ("vhost-user
/// back-end program conventions"): stays in the foreground, ends with status 0 on SIGTERM, and with another if it
/// cannot start.
@Command(
        name = "basalt-vhost-user-blk",
        mixinStandardHelpOptions = true,
        version = "basalt-vhost-user-blk 0.1.0",
        description = "Serve one file or block device over vhost-user-blk.")
public final class VhostUserBlk implements Callable<Integer> {
    private static final String CAPABILITIES = """
        {
          "type": "block",
          "features": [
            "read-only",
            "blk-file"
          ]
        }\
        """;
    private static final String DISK = "disk";

    @Option(names = "--socket-path", paramLabel = "PATH", description = "Listen on this Unix socket.")
    private @Nullable Path socketPath;

    @Option(names = "--fd", paramLabel = "FDNUM", description = "Serve the listening socket inherited as this number.")
    private @Nullable Integer fd;

    @Option(names = "--blk-file", paramLabel = "PATH", description = "The file or block device to serve.")
    private @Nullable Path file;

    @Option(names = "--read-only", description = "Refuse writes.")
    private boolean readOnly;

    @Option(names = "--print-capabilities", description = "Print the program's capabilities as JSON and end.")
    private boolean printCapabilities;

    VhostUserBlk() {}

    /// Run the program.
    public static void main(String[] arguments) {
        final int code = new CommandLine(new VhostUserBlk())
                .setExecutionExceptionHandler((failure, command, _) -> {
                    command.getErr().println("basalt-vhost-user-blk: " + failure.getMessage());
                    command.getErr().flush();
                    return failure instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.FAILED;
                })
                .execute(arguments);
        Main.end(code);
    }

    @Override
    public Integer call() throws IOException {
        if (printCapabilities) {
            System.out.println(CAPABILITIES);
            return 0;
        }
        if (file == null) {
            throw new IllegalArgumentException("--blk-file is missing: name the file or block device to serve");
        }
        if ((socketPath == null) == (fd == null)) {
            throw new IllegalArgumentException("give either --socket-path or --fd");
        }
        final Path state = Files.createTempDirectory("basalt-vhost-user-blk");
        try {
            serve(state, file.toAbsolutePath());
        } finally {
            remove(state);
        }
        return 0;
    }

    private void serve(Path state, Path disk) {
        final GateOptions options = GateOptions.under(state);
        final UnixListener inherited = fd == null ? null : UnixListener.adopt(fd);
        final Path socket = socketPath == null ? state.resolve("inherited") : socketPath.toAbsolutePath();
        DaemonProcess.prepare();
        try (Gate gate = Gate.start(options, GateLog.install(LogLevel.WARNING))) {
            gate.serve(
                    new VolumeSpec.File(
                            DISK, VolumeSpec.derivedUuid(DISK), VolumeSpec.Kind.URING, disk.toString(), 0, readOnly),
                    new ControllerSpec(DISK, DISK, socket, ControllerSpec.Mode.SERVER, readOnly, false, "", 0),
                    inherited);
            Termination.await();
        }
    }

    private static void remove(Path folder) throws IOException {
        final List<Path> all;
        try (Stream<Path> inside = Files.walk(folder)) {
            all = inside.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
