package io.basalt.cli.demo;

import io.basalt.cli.config.Configuration;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The settings of a demo's cluster, written down as a file so that commands in other terminals find it, and that
/// `basalt serve --config` can run the same cluster as processes.
final class DemoSettings {
    /// Chunk servers of a demo: as many as it keeps copies.
    static final int CHUNK_SERVERS = 3;

    private static final int REST = 7700;
    private static final int NODES = 7701;
    private static final int CHUNK = 7710;
    /// Reactors that spin before they sleep need a processor each.
    private static final int PROCESSORS_TO_SPIN = 8;

    private DemoSettings() {}

    /// The file in a demo's folder.
    static Path file(Path data) {
        return data.resolve("basalt.toml");
    }

    /// Write the file, with the usual ports where they are free.
    ///
    /// @return whether they all were
    static boolean write(Path data) throws IOException {
        Files.createDirectories(data);
        final List<Integer> ports = new ArrayList<>();
        boolean usual = true;
        for (final int wanted : wantedPorts()) {
            final int port = freePort(wanted);
            usual &= port == wanted;
            ports.add(port);
        }
        Files.writeString(file(data), text(data, ports));
        return usual;
    }

    private static List<Integer> wantedPorts() {
        final List<Integer> wanted = new ArrayList<>(List.of(REST, NODES));
        for (int server = 0; server < CHUNK_SERVERS; server++) {
            wanted.add(CHUNK + server);
        }
        return wanted;
    }

    private static int freePort(int wanted) throws IOException {
        try (ServerSocket probe = new ServerSocket(wanted, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        } catch (IOException taken) {
            try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return any.getLocalPort();
            }
        }
    }

    private static String text(Path data, List<Integer> ports) {
        final String idle = Runtime.getRuntime().availableProcessors() < PROCESSORS_TO_SPIN ? "interrupt" : "adaptive";
        final StringBuilder text =
                new StringBuilder(String.format("""
                    # Written by basalt demo. While it is stopped, the same cluster runs as processes:
                    #   basalt serve --config %s
                    data = "%s"
                    metaservers = ["127.0.0.1:%d"]

                    [meta]
                    listen = "127.0.0.1:%d"
                    nodes_listen = "127.0.0.1:%d"

                    [gate]
                    name = "gate"
                    idle = "%s"
                    """, file(data), data, ports.get(1), ports.get(0), ports.get(1), idle));
        for (int server = 1; server <= CHUNK_SERVERS; server++) {
            text.append(String.format("""

                [chunk.%d]
                # A host of its own, as far as placement can tell.
                listen = "127.0.0.1:%d"
                host = "host-%d"
                device_size = "4G"
                # Take the drive's word. "fua" where it has no protection and a power cut must lose nothing.
                durability = "plp"
                idle = "%s"
                """, server, ports.get(1 + server), server, idle));
        }
        return text.toString();
    }

    /// The settings as they are written, but with errors only on the screen.
    static Configuration load(Path data) {
        return Configuration.load(file(data), Map.of(), Map.of("log_level", "error"));
    }
}
