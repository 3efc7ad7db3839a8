package io.basalt.cli.demo;

import io.basalt.cli.ByteSize;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.cluster.StatusReport;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.gate.VolumeAttachment;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import io.basalt.cli.serve.ChunkDaemon;
import io.basalt.cli.serve.GateDaemon;
import io.basalt.cli.serve.MetaDaemon;
import io.basalt.gate.rpc.RpcClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// A metaserver, chunk servers and a gate in this process, with one volume; but for the last chunk server, which is a
/// process of its own so that it can be killed.
final class ClusterDemo {
    private static final String VOLUME = "demo";
    private static final String VICTIM = Integer.toString(DemoSettings.CHUNK_SERVERS);
    private static final long LOADED_BYTES = 128L << 20;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long STEP_NS = 20_000_000;
    private static final double US_NS = 1000;

    private final Path data;
    private final long size;
    private final long timeNs;
    private final DemoScreen screen;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private final List<ChunkDaemon> chunks = new ArrayList<>();

    ClusterDemo(Path data, long size, long timeNs, DemoScreen screen) {
        this.data = data;
        this.size = size;
        this.timeNs = timeNs;
        this.screen = screen;
    }

    /// Run it.
    ///
    /// @param stay what keeps it up at the end
    void run(Runnable stay) throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        screen.line(screen.style().bold("Basalt demo: a metaserver, three chunk servers and a gate"));
        screen.line("");
        final boolean usualPorts = DemoSettings.write(data);
        final Configuration settings = DemoSettings.load(data);
        try {
            final MetaDaemon meta = MetaDaemon.start(settings);
            running.push(meta);
            final DemoChunkServer victim =
                    DemoChunkServer.start(VICTIM, DemoSettings.file(data), data.resolve("chunk-" + VICTIM + ".log"));
            running.push(victim);
            final GateDaemon gate = start(settings);
            victim.awaitReady();
            try (RestClient client = client(settings)) {
                final Path socket = prepare(settings, client);
                facts(settings, startNs, usualPorts);
                load(gate, victim, socket);
                new DemoFailure(screen, client, victim)
                        .run(socket, Math.min(LOADED_BYTES, size), "chunk server " + VICTIM);
                screen.heading("basalt status");
                screen.line(StatusReport.text(
                        client.get("/v1/status"),
                        client.get("/v1/health").path("checks"),
                        Instant.now(),
                        screen.style()));
                screen.heading("REST API");
                screen.fact("address", ClusterOptions.url(settings) + "   (described at /v1/openapi.yaml)");
                screen.fact("token", "in " + ClusterOptions.tokenFile(settings));
                screen.guest(socket);
                screen.next(List.of(
                        "export BASALT_CONFIG=" + DemoSettings.file(data),
                        "./basalt create vm1 -s 20G && ./basalt attach vm1",
                        "./basalt info vm1 && ./basalt df",
                        "./basalt bench " + socket + " --rw randread --iodepth 32"));
                stay.run();
            }
        } finally {
            stop();
        }
    }

    private GateDaemon start(Configuration settings) {
        for (final String name : settings.chunkServers()) {
            if (name.equals(VICTIM)) {
                continue;
            }
            final ChunkDaemon chunk = ChunkDaemon.start(settings, name);
            running.push(chunk);
            chunks.add(chunk);
        }
        final GateDaemon gate = GateDaemon.start(settings);
        running.push(gate);
        return gate;
    }

    private void stop() {
        while (!running.isEmpty()) {
            try {
                running.pop().close();
            } catch (Exception failure) {
                screen.line("basalt: stopping: " + failure.getMessage());
            }
        }
    }

    private static RestClient client(Configuration settings) throws IOException {
        final Path token = ClusterOptions.tokenFile(settings);
        return new RestClient(
                URI.create(ClusterOptions.url(settings)),
                Files.readString(token).strip(),
                token.toString(),
                LIMIT);
    }

    /// Make the volume as soon as the chunk servers have joined, and attach it.
    private Path prepare(Configuration settings, RestClient client) {
        final long endNs = System.nanoTime() + LIMIT.toNanos();
        while (!ready(client)) {
            if (System.nanoTime() - endNs >= 0) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "the cluster is not ready after " + LIMIT.toSeconds() + " s: " + reasons(client),
                        "try another --data folder; this one was " + data);
            }
            LockSupport.parkNanos(STEP_NS);
        }
        try {
            client.get(Lookup.volumePath(VOLUME));
        } catch (RestException none) {
            if (!none.notFound()) {
                throw none;
            }
            client.change(
                    "POST",
                    "/v1/volumes",
                    JsonNodeFactory.instance.objectNode().put("name", VOLUME).put("sizeBytes", size & -4096L));
        }
        try (RpcClient gate = RpcClient.connect(GateTarget.rpcSocket(settings), LIMIT)) {
            return new VolumeAttachment(gate, VOLUME)
                    .serve(false, false, 0, VolumeAttachment.From.ANYBODY)
                    .socket();
        }
    }

    /// Whether every copy of everything is served: then the figures are those of three copies.
    static boolean ready(RestClient client) {
        final JsonNode status = client.get("/v1/status");
        final JsonNode pgs = status.path("pgs");
        return pgs.path("total").longValue(0) > 0
                && pgs.path("clean").longValue(0) == pgs.path("total").longValue(0)
                && status.path("nodes").path("chunk").path("up").longValue(0) == DemoSettings.CHUNK_SERVERS
                && status.path("nodes").path("gate").path("up").longValue(0) > 0;
    }

    private static String reasons(RestClient client) {
        final List<String> reasons = new ArrayList<>();
        client.get("/v1/health")
                .path("checks")
                .forEach(check -> reasons.add(check.path("what").stringValue("")));
        return String.join("; ", reasons);
    }

    private void facts(Configuration settings, long startNs, boolean usualPorts) {
        screen.fact("ready", String.format(Locale.ROOT, "in %.1f s", (System.nanoTime() - startNs) / 1e9));
        screen.fact("processes", "this one, and chunk server " + VICTIM + " by itself: it will be killed");
        screen.fact(
                "volume",
                VOLUME + ", " + new ByteSize(size & -4096L) + ", thin, in three copies; attached to the gate");
        screen.fact(
                "data",
                data + ", each chunk server's device a sparse file of "
                        + ByteSize.parse(settings.text("chunk.1.device_size")));
        if (!usualPorts) {
            screen.fact("note", "some of the usual ports 7700, 7701 and 7710 to 7712 are taken: others serve");
        }
        screen.fallbacks();
    }

    private void load(GateDaemon gate, DemoChunkServer victim, Path socket) throws InterruptedException {
        screen.loading(timeNs);
        final LongSupplier chunkCpu = () ->
                chunks.stream().mapToLong(chunk -> chunk.server().dataCpuNs()).sum() + victim.cpuNs();
        final LongSupplier gateCpu = gate.gate()::dataReactorCpuNs;
        final long chunkBefore = chunkCpu.getAsLong();
        final long gateBefore = gateCpu.getAsLong();
        final BenchResult result = new Bench(
                        socket,
                        DemoScreen.workload(timeNs, Math.min(LOADED_BYTES, size)),
                        (_, _) -> {},
                        () -> gateCpu.getAsLong() + chunkCpu.getAsLong())
                .run();
        final double gateNs = gateCpu.getAsLong() - gateBefore;
        final double chunkNs = chunkCpu.getAsLong() - chunkBefore;
        // The counted part is split as the whole run is.
        final double perRequestUs = result.backEndCpuPerRequestNs() / US_NS;
        final double gateShare = gateNs / Math.max(1, gateNs + chunkNs);
        screen.result(
                result,
                String.format(
                        Locale.ROOT,
                        "%.1f us in the gate, %.1f us in the three chunk servers together",
                        perRequestUs * gateShare,
                        perRequestUs * (1 - gateShare)));
    }
}
