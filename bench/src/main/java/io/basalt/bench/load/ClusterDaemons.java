package io.basalt.bench.load;

import io.basalt.bench.Command;
import io.basalt.bench.Jvm;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A metaserver, three chunk servers and a gate, each in a process of its own.
final class ClusterDaemons implements AutoCloseable {
    private static final String MAIN = "io.basalt.cli.Main";
    private static final List<String> HOSTS = List.of("a", "b", "c");
    private static final long START_LIMIT_NS = 60_000_000_000L;
    private static final long STEP_NS = 20_000_000;
    private static final int STOP_LIMIT_S = 20;

    private final Path folder;
    private final Path settings;
    private final List<Process> started = new ArrayList<>();
    private final List<ProcessCost> chunkServers = new ArrayList<>();
    private final ProcessCost gate;

    private ClusterDaemons(Path folder, Path settings) throws IOException {
        this.folder = folder;
        this.settings = settings;
        try {
            start("meta");
            for (final String host : HOSTS) {
                chunkServers.add(new ProcessCost(start("chunk", host).pid()));
            }
            gate = new ProcessCost(start("gate").pid());
        } catch (IOException failure) {
            close();
            throw failure;
        }
    }

    /// Start them.
    ///
    /// @param folder for their state and devices; made
    /// @param deviceMib size of each of the three devices
    /// @param durability of the devices: plp or fua
    /// @param idle of all data reactors: adaptive, poll or interrupt
    static ClusterDaemons start(Path folder, int deviceMib, String durability, String idle) throws IOException {
        Files.createDirectories(folder);
        final Path settings = folder.resolve("basalt.toml");
        Files.writeString(settings, settings(folder, freePorts(2 + HOSTS.size()), deviceMib, durability, idle));
        return new ClusterDaemons(folder, settings);
    }

    private static String settings(Path folder, List<Integer> ports, int deviceMib, String durability, String idle) {
        final StringBuilder text = new StringBuilder()
                .append("data = \"")
                .append(folder)
                .append("\"\nmetaservers = [\"127.0.0.1:")
                .append(ports.get(1))
                .append("\"]\n[meta]\nlisten = \"127.0.0.1:")
                .append(ports.get(0))
                .append("\"\nnodes_listen = \"127.0.0.1:")
                .append(ports.get(1))
                .append("\"\n");
        for (int i = 0; i < HOSTS.size(); i++) {
            text.append("[chunk.")
                    .append(HOSTS.get(i))
                    .append("]\nlisten = \"127.0.0.1:")
                    .append(ports.get(2 + i))
                    .append("\"\nhost = \"")
                    .append(HOSTS.get(i))
                    .append("\"\ndevice_size = \"")
                    .append(deviceMib)
                    .append("M\"\ndurability = \"")
                    .append(durability)
                    .append("\"\nidle = \"")
                    .append(idle)
                    .append("\"\n");
        }
        return text.append("[gate]\nreactors = 1\nidle = \"")
                .append(idle)
                .append("\"\n")
                .toString();
    }

    /// Ports that were free a moment ago: held all at once, so that they differ.
    private static List<Integer> freePorts(int count) throws IOException {
        final List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (final ServerSocket socket : held) {
                socket.close();
            }
        }
    }

    private Process start(String... what) throws IOException {
        final List<String> arguments = new ArrayList<>(List.of("serve"));
        arguments.addAll(List.of(what));
        arguments.add("--config=" + settings);
        final File log = folder.resolve(String.join("-", what) + ".log").toFile();
        final Process process = new ProcessBuilder(Jvm.command("", MAIN, arguments))
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        started.add(process);
        final long endNs = System.nanoTime() + START_LIMIT_NS;
        while (!Files.readString(log.toPath(), StandardCharsets.UTF_8).contains(" ready")) {
            if (!process.isAlive() || System.nanoTime() - endNs > 0) {
                throw new IOException(String.join(" ", what) + " has not started: see " + log);
            }
            LockSupport.parkNanos(STEP_NS);
        }
        return process;
    }

    /// Run a command as an operator would.
    ///
    /// @return what it printed
    String run(String... words) throws IOException, InterruptedException {
        final List<String> arguments = new ArrayList<>(List.of(words));
        arguments.add("--config=" + settings);
        return Command.run(Jvm.command("", MAIN, arguments)).strip();
    }

    /// The gate's management socket.
    Path rpcSocket() {
        return folder.resolve("gate").resolve("rpc.sock");
    }

    ProcessCost gate() {
        return gate;
    }

    List<ProcessCost> chunkServers() {
        return chunkServers;
    }

    @Override
    public void close() {
        for (final Process process : started.reversed()) {
            process.destroy();
            try {
                if (!process.waitFor(STOP_LIMIT_S, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException interrupted) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
