package io.basalt.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters;
import io.basalt.chunk.Membership;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.StoreCounters;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a chunk server tells of itself on its page of metrics, as a scraper reads it, of a device that runs.
class ChunkMetricsTest {
    private static final long FILE_BYTES = 64L << 20;

    @TempDir
    private Path folder;

    private DeviceHost host;
    private ChunkMetrics metrics;

    @BeforeEach
    void start() {
        final DeviceOptions device =
                DeviceOptions.file(folder.resolve("disk.img"), FILE_BYTES).withDurability(Durability.PLP);
        final ChunkOptions options = ChunkOptions.of(
                folder,
                new ClusterKey(new byte[ClusterKey.BYTES]),
                "node",
                List.of(new NodeAddress("127.0.0.1", 1)),
                List.of(device));
        host = DeviceHost.start(options, 0);
        host.listen();
        metrics = new ChunkMetrics(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "7.8.9", List.of(host));
    }

    @AfterEach
    void stop() {
        metrics.close();
        host.close();
    }

    @Test
    void everySampleHasAFamilyWithHelpAndTypeAndEveryFamilyASample() throws IOException, InterruptedException {
        serve();
        final Set<String> helped = new HashSet<>();
        final Map<String, String> types = new HashMap<>();
        final Set<String> sampled = new HashSet<>();
        for (final String line : page().lines().toList()) {
            final String[] words = line.split(" ", -1);
            if (line.startsWith("# HELP ")) {
                assertThat(helped.add(words[2])).as(line).isTrue();
            } else if (line.startsWith("# TYPE ")) {
                assertThat(types.put(words[2], words[3])).as(line).isNull();
            } else if (!line.isBlank()) {
                final String name = line.substring(0, line.indexOf('{'));
                assertThat(types).as(line).containsKey(name);
                assertThat(helped).as(line).contains(name);
                sampled.add(name);
            }
        }
        types.forEach(
                (name, type) -> assertThat(type).as(name).isEqualTo(name.endsWith("_total") ? "counter" : "gauge"));
        assertThat(types.keySet()).allMatch(name -> name.startsWith("basalt_"));
        assertThat(sampled)
                .as("the walk of the scrub has not come to an end yet")
                .containsAll(types.keySet().stream()
                        .filter(name -> !name.contains("_scrub_started") && !name.contains("_scrub_ended"))
                        .toList());
    }

    @Test
    void tellsWhatTheDeviceHoldsAndEveryCounterOfIt() throws IOException, InterruptedException {
        assertThat(page()).as("before it serves").doesNotContain("basalt_chunk_events_total{");
        serve();
        final String page = page();
        assertThat(page).contains("basalt_build_info{version=\"7.8.9\"} 1");
        assertThat(value(page, "basalt_chunk_bytes", "total"))
                .isEqualTo(host.capacity().totalBytes())
                .isBetween(FILE_BYTES / 2, FILE_BYTES);
        assertThat(value(page, "basalt_chunk_bytes", "used"))
                .isEqualTo(host.capacity().usedBytes());
        assertThat(value(page, "basalt_chunk_shards", "all")).isZero();
        for (final ChunkCounters.Counter each : ChunkCounters.Counter.values()) {
            assertThat(value(page, "basalt_chunk_events_total", each.name())).isZero();
        }
        for (final StoreCounters.Counter each : StoreCounters.Counter.values()) {
            assertThat(value(page, "basalt_chunk_store_events_total", each.name()))
                    .isNotNegative();
        }
        assertThat(value(page, "basalt_chunk_incomplete", "")).isZero();
        assertThat(value(page, "basalt_chunk_failed", "")).isZero();
        InReactor.<Boolean>await(
                host.reactor(),
                "losing shards",
                future -> future.complete(host.storeOf().declareIncomplete()));
        assertThat(value(page(), "basalt_chunk_incomplete", "")).isEqualTo(1);
    }

    @Test
    void thereIsNothingElse() throws IOException, InterruptedException {
        assertThat(get("/").statusCode()).isEqualTo(404);
        assertThat(get("/metrics/more").statusCode()).isEqualTo(404);
    }

    private void serve() {
        InReactor.<Boolean>await(host.reactor(), "serving", future -> {
            host.serve(1, 1, new Membership() {
                @Override
                public void removeFromInSync(int pg, int epoch, int deviceId) {}

                @Override
                public void addToInSync(int pg, int epoch, int deviceId) {}

                @Override
                public void takeBack(int pg, int epoch, int deviceId, Runnable cannot) {}

                @Override
                public void partsHeld(int deviceId, long[] partIds) {}
            });
            future.complete(true);
        });
    }

    /// The value of a sample: of the device, and of a kind or event unless that is empty.
    private static long value(String page, String family, String label) {
        final List<String> lines = page.lines()
                .filter(line -> line.startsWith(family + "{"))
                .filter(line -> label.isEmpty() || line.contains("=\"" + label.toLowerCase(Locale.ROOT) + "\""))
                .toList();
        assertThat(lines).as(family + " " + label).hasSize(1);
        assertThat(lines.getFirst()).contains("disk.img");
        final String line = lines.getFirst();
        return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
    }

    private String page() throws IOException, InterruptedException {
        final HttpResponse<String> answer = get("/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
        return answer.body();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            final URI uri = URI.create("http://127.0.0.1:" + metrics.address().getPort() + path);
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
