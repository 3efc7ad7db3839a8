package io.basalt.chunk.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.basalt.chunk.ChunkCounters;
import io.basalt.chunk.ScrubStatus;
import io.basalt.chunk.schedule.ScheduleStatus;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.store.chunk.StoreCounters;
import io.basalt.wire.metrics.MetricType;
import io.basalt.wire.metrics.MetricsPage;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// A chunk server's metrics: `GET /metrics`, without authentication, on loopback unless the operator says
/// otherwise. What it tells is names and numbers, no data. Each request has a virtual thread, which asks the
/// devices' reactors and waits a bounded time; few are answered at once.
final class ChunkMetrics implements AutoCloseable {
    private static final int REQUESTS_MAX = 4;
    private static final int PORTS_TRIED = 16;
    private static final int BACKLOG = 16;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int UNAVAILABLE = 503;
    private static final String DEVICE = "device";

    private final String version;
    private final List<DeviceHost> hosts;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("metrics-", 0).factory());
    private final Semaphore room = new Semaphore(REQUESTS_MAX);

    /// Start to answer at an address, or at the next port that is free: there may be several chunk servers on
    /// a host.
    ///
    /// @throws ChunkServerException if none of them can be listened on
    ChunkMetrics(InetSocketAddress wanted, String version, List<DeviceHost> hosts) {
        this.version = version;
        this.hosts = List.copyOf(hosts);
        server = listen(wanted);
        server.setExecutor(threads);
        server.createContext("/", this::exchange);
        server.start();
    }

    private static HttpServer listen(InetSocketAddress wanted) {
        @Nullable IOException last = null;
        for (int port = wanted.getPort(); port < wanted.getPort() + PORTS_TRIED && port <= 0xffff; port++) {
            try {
                return HttpServer.create(new InetSocketAddress(wanted.getAddress(), port), BACKLOG);
            } catch (BindException taken) {
                last = taken;
            } catch (IOException refused) {
                last = refused;
                break;
            }
        }
        throw new ChunkServerException("metrics: " + wanted + " cannot be listened on: "
                + (last == null ? "no port" : last.getMessage()) + "; choose another address, or \"none\"");
    }

    /// Where it listens.
    InetSocketAddress address() {
        return server.getAddress();
    }

    private void exchange(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestURI().getPath().equals("/metrics")
                    || !exchange.getRequestMethod().equals("GET")) {
                answer(exchange, NOT_FOUND, "there is only GET /metrics\n", "text/plain; charset=utf-8");
            } else if (!room.tryAcquire()) {
                answer(exchange, UNAVAILABLE, "ask later\n", "text/plain; charset=utf-8");
            } else {
                try {
                    answer(exchange, OK, text(), MetricsPage.CONTENT_TYPE);
                } catch (ChunkServerException silent) {
                    answer(exchange, UNAVAILABLE, silent.getMessage() + "\n", "text/plain; charset=utf-8");
                } finally {
                    room.release();
                }
            }
        }
    }

    private static void answer(HttpExchange exchange, int status, String text, String type) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /// Everything, as Prometheus reads it.
    ///
    /// @throws ChunkServerException if a device's reactor does not answer
    String text() {
        final MetricsPage page = new MetricsPage();
        page.family("basalt_build_info", MetricType.GAUGE, "The software that runs; always 1.");
        page.sample("basalt_build_info", Map.of("version", version), 1);
        page.family("basalt_chunk_bytes", MetricType.GAUGE, "Bytes of a device: in all, used, and mapped.");
        page.family("basalt_chunk_shards", MetricType.GAUGE, "Shards on a device, and tombstones among them.");
        page.family("basalt_chunk_events_total", MetricType.COUNTER, "What a device has done for the cluster.");
        page.family("basalt_chunk_store_events_total", MetricType.COUNTER, "What a device's store has done.");
        page.family("basalt_chunk_failed", MetricType.GAUGE, "1 if a device takes no more changes.");
        page.family("basalt_chunk_incomplete", MetricType.GAUGE, "1 if a device has lost shards, not known which.");
        page.family("basalt_chunk_corrupt_found_total", MetricType.COUNTER, "Blocks found corrupt or unreadable.");
        page.family("basalt_chunk_corrupt_repaired_total", MetricType.COUNTER, "Such blocks written again.");
        page.family(
                "basalt_chunk_corrupt_unrepairable_total", MetricType.COUNTER, "Times that no copy could give one.");
        page.family("basalt_chunk_repairs_waiting", MetricType.GAUGE, "Ranges to be written again.");
        page.family("basalt_chunk_scrub_walks_total", MetricType.COUNTER, "Walks over all shards that came to an end.");
        page.family("basalt_chunk_scrub_walking", MetricType.GAUGE, "1 while a walk is under way.");
        page.family("basalt_chunk_scrub_position", MetricType.GAUGE, "Metadata entries that the walk has passed.");
        page.family("basalt_chunk_scrub_positions", MetricType.GAUGE, "Metadata entries of a device.");
        page.family("basalt_chunk_scrub_started_seconds_ago", MetricType.GAUGE, "Age of the last walk's beginning.");
        page.family("basalt_chunk_scrub_ended_seconds_ago", MetricType.GAUGE, "Age of the last walk's end.");
        page.family("basalt_chunk_scrub_paused_seconds_total", MetricType.COUNTER, "Time that clients needed instead.");
        page.family("basalt_chunk_depth", MetricType.GAUGE, "Requests at a device at once before others wait.");
        page.family("basalt_chunk_slow", MetricType.GAUGE, "1 if a device is much slower than others, for seconds.");
        page.family(
                "basalt_chunk_change_seconds",
                MetricType.GAUGE,
                "Mean time that a device took for a change; 0: too few.");
        page.family("basalt_chunk_in_flight", MetricType.GAUGE, "Requests at a device.");
        page.family("basalt_chunk_device_seconds", MetricType.GAUGE, "Mean time of a request at a device, of late.");
        page.family("basalt_chunk_queued", MetricType.GAUGE, "Requests that wait for a device: of clients, others.");
        page.family("basalt_chunk_schedule_total", MetricType.COUNTER, "Requests that waited, or were not begun.");
        hosts.forEach(host -> InReactor.<Boolean>await(host.reactor(), "asking for metrics", future -> {
            device(page, host);
            future.complete(true);
        }));
        return page.text();
    }

    private static void device(MetricsPage page, DeviceHost host) {
        final String name = host.options().path().toString();
        final Map<String, String> labels = Map.of(DEVICE, name);
        final StoreCapacity capacity = host.storeOf().capacity();
        page.sample("basalt_chunk_bytes", Map.of(DEVICE, name, "kind", "total"), capacity.totalBytes());
        page.sample("basalt_chunk_bytes", Map.of(DEVICE, name, "kind", "used"), capacity.usedBytes());
        page.sample("basalt_chunk_bytes", Map.of(DEVICE, name, "kind", "mapped"), capacity.mappedBytes());
        page.sample("basalt_chunk_shards", Map.of(DEVICE, name, "kind", "all"), capacity.shards());
        page.sample("basalt_chunk_shards", Map.of(DEVICE, name, "kind", "tombstones"), capacity.tombstones());
        page.sample("basalt_chunk_failed", labels, host.storeOf().hasFailed() ? 1 : 0);
        page.sample("basalt_chunk_incomplete", labels, host.storeOf().isIncomplete() ? 1 : 0);
        for (final StoreCounters.Counter each : StoreCounters.Counter.values()) {
            page.sample(
                    "basalt_chunk_store_events_total",
                    Map.of(DEVICE, name, "event", each.name().toLowerCase(Locale.ROOT)),
                    host.storeOf().counters().value(each));
        }
        final var device = host.device();
        if (device == null) {
            return;
        }
        final ChunkCounters counters = device.counters();
        for (final ChunkCounters.Counter each : ChunkCounters.Counter.values()) {
            page.sample(
                    "basalt_chunk_events_total",
                    Map.of(DEVICE, name, "event", each.name().toLowerCase(Locale.ROOT)),
                    counters.value(each));
        }
        page.sample("basalt_chunk_corrupt_found_total", labels, counters.value(ChunkCounters.Counter.CORRUPT_FOUND));
        page.sample("basalt_chunk_corrupt_repaired_total", labels, counters.value(ChunkCounters.Counter.REPAIRED));
        page.sample(
                "basalt_chunk_corrupt_unrepairable_total", labels, counters.value(ChunkCounters.Counter.UNREPAIRABLE));
        scrub(page, labels, device.scrub().status());
        schedule(page, name, device.schedule());
        device.paces((of, meanNs, slow) -> {
            final Map<String, String> both = Map.of(DEVICE, name, "of", Integer.toString(of));
            page.sample("basalt_chunk_slow", both, slow ? 1 : 0);
            page.seconds("basalt_chunk_change_seconds", both, Math.max(meanNs, 0));
        });
    }

    private static void schedule(MetricsPage page, String name, ScheduleStatus status) {
        final Map<String, String> labels = Map.of(DEVICE, name);
        page.sample("basalt_chunk_depth", labels, status.depth());
        page.sample("basalt_chunk_in_flight", labels, status.inFlight());
        page.seconds("basalt_chunk_device_seconds", labels, status.latencyNs());
        page.sample("basalt_chunk_queued", Map.of(DEVICE, name, "of", "clients"), status.queued());
        page.sample("basalt_chunk_queued", Map.of(DEVICE, name, "of", "upkeep"), status.queuedBackground());
        page.sample("basalt_chunk_schedule_total", Map.of(DEVICE, name, "event", "waited"), status.waits());
        page.sample("basalt_chunk_schedule_total", Map.of(DEVICE, name, "event", "refused"), status.refusals());
        page.sample("basalt_chunk_schedule_total", Map.of(DEVICE, name, "event", "dropped"), status.drops());
    }

    private static void scrub(MetricsPage page, Map<String, String> labels, ScrubStatus status) {
        page.sample("basalt_chunk_repairs_waiting", labels, status.repairsWaiting());
        page.sample("basalt_chunk_scrub_walks_total", labels, status.walks());
        page.sample("basalt_chunk_scrub_walking", labels, status.walking() ? 1 : 0);
        page.sample("basalt_chunk_scrub_position", labels, status.position());
        page.sample("basalt_chunk_scrub_positions", labels, status.positions());
        if (status.startedNsAgo() >= 0) {
            page.seconds("basalt_chunk_scrub_started_seconds_ago", labels, status.startedNsAgo());
        }
        if (status.endedNsAgo() >= 0) {
            page.seconds("basalt_chunk_scrub_ended_seconds_ago", labels, status.endedNsAgo());
        }
        page.seconds("basalt_chunk_scrub_paused_seconds_total", labels, status.pausedNs());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
