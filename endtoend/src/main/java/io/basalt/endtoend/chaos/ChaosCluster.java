package io.basalt.endtoend.chaos;

import io.basalt.cli.Main;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.gate.VolumeAttachment;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import io.basalt.cli.serve.ChunkDaemon;
import io.basalt.endtoend.chaos.proxy.FaultProxy;
import io.basalt.endtoend.chaos.proxy.ProcessConnectors;
import io.basalt.gate.rpc.RpcClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// A metaserver, chunk servers that say they stand on hosts of their own, and a gate: each a process, on loopback. If
/// that is wanted, every connection goes through a proxy.
///
/// Concurrency: one thread.
final class ChaosCluster implements AutoCloseable {
    /// Name of the metaserver as a party.
    static final String META = "meta";
    /// Name of the gate as a party.
    static final String GATE = "gate";

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final long STEP_NS = 50_000_000;
    private static final int PGS = 32;
    /// A walk over everything takes seconds.
    private static final long SCRUB_BYTES = 64 << 20;

    private final Path folder;
    private final Path settings;
    private final Map<String, DaemonProcess> daemons = new LinkedHashMap<>();
    private final Map<String, FaultProxy> proxies = new LinkedHashMap<>();
    private final Map<String, MetricsClient> metrics = new LinkedHashMap<>();
    private final List<String> chunkServers;
    private @Nullable RestClient rest;

    private ChaosCluster(Path folder, List<String> chunkServers) {
        this.folder = folder;
        this.chunkServers = chunkServers;
        settings = folder.resolve("basalt.toml");
    }

    /// Names of the chunk servers of a cluster.
    static List<String> names(ClusterShape shape) {
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < shape.chunkServers(); i++) {
            names.add(String.valueOf((char) ('a' + i)));
        }
        return List.copyOf(names);
    }

    /// Start all its processes, and return when each says that it is ready.
    ///
    /// @param folder for everything that they write; made
    static ChaosCluster start(Path folder, ClusterShape shape) throws IOException {
        return start(folder, shape, Release.THIS);
    }

    /// The same, of a release.
    static ChaosCluster start(Path folder, ClusterShape shape, Release release) throws IOException {
        Files.createDirectories(folder);
        final ChaosCluster cluster = new ChaosCluster(folder, names(shape));
        try {
            cluster.prepare(shape);
            cluster.daemons.values().forEach(daemon -> daemon.release(release));
            cluster.startAll();
            return cluster;
        } catch (IOException | RuntimeException failure) {
            cluster.close();
            throw failure;
        }
    }

    private void prepare(ClusterShape shape) throws IOException {
        final List<Integer> ports = freePorts(2 + 2 * chunkServers.size());
        final int rest = ports.get(0);
        final int nodes = ports.get(1);
        final StringBuilder text =
                new StringBuilder("""
                    data = "%s"
                    metaservers = ["127.0.0.1:%d"]
                    [meta]
                    listen = "127.0.0.1:%d"
                    nodes_listen = "127.0.0.1:%d"
                    pg_count = %d
                    [gate]
                    name = "gate"
                    reactors = 1
                    idle = "interrupt"
                    metrics = "none"
                    """.formatted(folder, through(META, nodes, shape), rest, nodes, PGS));
        for (int i = 0; i < chunkServers.size(); i++) {
            final String name = chunkServers.get(i);
            final int port = ports.get(2 + i);
            final int metricsPort = ports.get(2 + chunkServers.size() + i);
            metrics.put(name, new MetricsClient(metricsPort));
            text.append("""
                [chunk.%s]
                listen = "127.0.0.1:%d"
                advertise = "127.0.0.1:%d"
                host = "%s"
                device_size = "%d"
                durability = "%s"
                idle = "interrupt"
                scrub = "%d"
                metrics = "127.0.0.1:%d"
                """.formatted(
                            name,
                            port,
                            through(name, port, shape),
                            name,
                            shape.deviceBytes(),
                            shape.durability(),
                            SCRUB_BYTES,
                            metricsPort));
        }
        Files.writeString(settings, text);
        add(META, List.of("meta"));
        chunkServers.forEach(name -> add(name, List.of("chunk", name)));
        add(GATE, List.of("gate"));
    }

    private void add(String name, List<String> what) {
        final List<String> arguments = new ArrayList<>(List.of("serve"));
        arguments.addAll(what);
        arguments.add("--config=" + settings);
        daemons.put(
                name,
                new DaemonProcess(String.join(" ", what), arguments, folder.resolve(String.join("-", what) + ".log")));
    }

    /// The port that others are told for one that is listened on.
    private int through(String name, int port, ClusterShape shape) throws IOException {
        if (!shape.proxied()) {
            return port;
        }
        final FaultProxy proxy = FaultProxy.listen(
                0,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                new ProcessConnectors(this::processes),
                shape.seed() + port);
        proxies.put(name, proxy);
        return proxy.port();
    }

    private Map<String, Long> processes() {
        final Map<String, Long> processes = new LinkedHashMap<>();
        daemons.forEach((name, daemon) -> processes.put(name, daemon.pid()));
        return processes;
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

    /// The file of settings, as commands take it.
    Path settings() {
        return settings;
    }

    /// Names of the chunk servers.
    List<String> chunkServers() {
        return chunkServers;
    }

    /// One of its processes.
    ///
    /// @param name of a chunk server, [#META] or [#GATE]
    DaemonProcess daemon(String name) {
        final DaemonProcess daemon = daemons.get(name);
        if (daemon == null) {
            throw new IllegalArgumentException("no process " + name);
        }
        return daemon;
    }

    /// The proxy that everybody reaches a process through.
    FaultProxy proxy(String name) {
        final FaultProxy proxy = proxies.get(name);
        if (proxy == null) {
            throw new IllegalArgumentException("no proxy for " + name);
        }
        return proxy;
    }

    /// Pieces that the proxies have damaged or lost.
    long wireFaults() {
        return proxies.values().stream().mapToLong(FaultProxy::faults).sum();
    }

    /// The figures of a chunk server.
    MetricsClient metrics(String name) {
        final MetricsClient client = metrics.get(name);
        if (client == null) {
            throw new IllegalArgumentException("no figures of " + name);
        }
        return client;
    }

    /// The device of a chunk server.
    Path device(String name) {
        return ChunkDaemon.paths(configuration(), name).getFirst();
    }

    /// Kill every process, as a power cut does.
    void killAll() throws IOException {
        final StringBuilder pids = new StringBuilder();
        for (final DaemonProcess daemon : daemons.values()) {
            if (daemon.isAlive()) {
                pids.append(' ').append(daemon.pid());
            }
        }
        // By one command, so that they end within a moment.
        DaemonProcess.run(List.of("sh", "-c", "kill -KILL" + pids));
        for (final DaemonProcess daemon : daemons.values()) {
            daemon.kill();
        }
    }

    /// Start every process that does not run, and wait until each is ready.
    void startAll() throws IOException {
        // The metaserver makes the cluster's key, which the others read.
        final List<DaemonProcess> started = new ArrayList<>();
        for (final DaemonProcess daemon : daemons.values()) {
            if (!daemon.isAlive()) {
                daemon.start();
                started.add(daemon);
                if (daemon == daemon(META) && daemon.starts() == 1) {
                    daemon.awaitReady();
                }
            }
        }
        for (final DaemonProcess daemon : started) {
            daemon.awaitReady();
        }
    }

    /// End every process the orderly way.
    ///
    /// @return names of those that did not end with status 0
    List<String> terminateAll() throws IOException {
        final List<String> unclean = new ArrayList<>();
        for (final String name : List.copyOf(daemons.keySet()).reversed()) {
            if (!daemon(name).terminate()) {
                unclean.add(name);
            }
        }
        return unclean;
    }

    /// Make a volume, and have the gate serve it.
    ///
    /// @return its vhost-user socket
    Path serveVolume(String name, long bytes) throws IOException {
        client().change(
                        "POST",
                        "/v1/volumes",
                        JsonNodeFactory.instance.objectNode().put("name", name).put("sizeBytes", bytes));
        try (RpcClient gate = RpcClient.connect(GateTarget.rpcSocket(configuration()), ANSWER_LIMIT)) {
            return new VolumeAttachment(gate, name)
                    .serve(false, false, 1, VolumeAttachment.From.NOBODY)
                    .socket();
        }
    }

    /// Serve a volume no longer, and remove it.
    void removeVolume(String name) throws IOException {
        try (RpcClient gate = RpcClient.connect(GateTarget.rpcSocket(configuration()), ANSWER_LIMIT)) {
            new VolumeAttachment(gate, name).release();
        }
        client().change("DELETE", Lookup.volumePath(name), null);
    }

    /// Made when the metaserver has made its token.
    private RestClient client() throws IOException {
        final RestClient known = rest;
        if (known != null) {
            return known;
        }
        final Configuration configuration = configuration();
        final Path token = ClusterOptions.tokenFile(configuration);
        final RestClient made = new RestClient(
                URI.create(ClusterOptions.url(configuration)),
                Files.readString(token).strip(),
                token.toString(),
                ANSWER_LIMIT);
        rest = made;
        return made;
    }

    private Configuration configuration() {
        return Configuration.load(settings, Map.of(), Map.of());
    }

    /// Wait until all processes are up and every copy of everything is served.
    ///
    /// @return how long that took, in nanoseconds
    /// @throws IOException saying what is still missing after the limit
    long awaitCalm(Duration limit) throws IOException {
        final long beganNs = System.nanoTime();
        String missing = missing();
        while (!missing.isEmpty()) {
            if (System.nanoTime() - beganNs > limit.toNanos()) {
                throw new IOException("after " + limit.toSeconds() + " s the cluster is still not whole: " + missing);
            }
            LockSupport.parkNanos(STEP_NS);
            missing = missing();
        }
        return System.nanoTime() - beganNs;
    }

    /// What is not as it should be, in words; empty if nothing is.
    String missing() throws IOException {
        for (final DaemonProcess daemon : daemons.values()) {
            if (!daemon.isAlive()) {
                throw new IOException(daemon.name() + " has ended by itself:\n" + daemon.output());
            }
        }
        final JsonNode status;
        try {
            status = client().get("/v1/status");
        } catch (RestException none) {
            return String.valueOf(none.getMessage());
        }
        final JsonNode pgs = status.path("pgs");
        final JsonNode nodes = status.path("nodes");
        final long clean = pgs.path("clean").longValue(0);
        final long chunks = nodes.path("chunk").path("up").longValue(0);
        final long gates = nodes.path("gate").path("up").longValue(0);
        if (clean == PGS && chunks == chunkServers.size() && gates == 1) {
            return "";
        }
        return clean + " of " + PGS + " placement groups are clean, " + chunks + " chunk servers and " + gates
                + " gates are up";
    }

    /// Compare all copies of everything, as an operator would. All processes must have ended.
    ///
    /// @throws IOException saying what differs
    void compareCopies() throws IOException {
        command("check", "--no-progress", "--config=" + settings);
    }

    /// What is on the device of a chunk server that does not run, in lines.
    String dump(String name) throws IOException {
        return command("chunk", "dump", device(name).toString());
    }

    /// Format the device of a chunk server that does not run: it keeps its identity, and the cluster fills it.
    void emptyDevice(String name) throws IOException {
        command("chunk", "format", "--again", "--yes", device(name).toString());
    }

    /// Give a command of basalt's.
    ///
    /// @return what it printed, on both streams
    /// @throws IOException with the same if it fails
    static String command(String... words) throws IOException {
        final StringWriter printed = new StringWriter();
        final CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(printed, true)).setErr(new PrintWriter(printed, true));
        final int code = command.execute(words);
        final String text = printed.toString().strip();
        if (code != 0) {
            throw new IOException("basalt " + String.join(" ", words) + " ended with " + code + ":\n" + text);
        }
        return text;
    }

    @Override
    public void close() throws IOException {
        if (rest != null) {
            rest.close();
        }
        for (final DaemonProcess daemon : daemons.values()) {
            daemon.kill();
        }
        for (final FaultProxy proxy : proxies.values()) {
            proxy.close();
        }
    }
}
