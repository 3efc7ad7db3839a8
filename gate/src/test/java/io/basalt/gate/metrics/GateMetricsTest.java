package io.basalt.gate.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcClient;
import io.basalt.gate.volume.VolumeSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The metrics of a whole gate, over HTTP.
class GateMetricsTest {
    /// A name that needs all of the format's escapes.
    private static final String ODD_NAME = "odd \"name\" \\";

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private GateOptions options;
    private Gate gate;

    @BeforeEach
    void start() {
        options = GateOptions.under(directory).withMetrics(loopback(0));
        gate = start(options);
    }

    private Gate start(GateOptions wanted) {
        return Gate.start(wanted, GateLog.install(Logger.getLogger("io.basalt.gate.daemon"), logged, LogLevel.WARNING));
    }

    @AfterEach
    void stop() {
        http.close();
        gate.close();
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private HttpResponse<String> ask(String method, String path) throws Exception {
        final InetSocketAddress address = Objects.requireNonNull(gate.metricsAddress(), "metrics are told");
        assertThat(address.getAddress().isLoopbackAddress()).isTrue();
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private Exposition read() throws Exception {
        final HttpResponse<String> answer = ask("GET", "/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/plain; version=0.0.4; charset=utf-8");
        return Exposition.parse(answer.body());
    }

    @Test
    void tellsOfDisksControllersReactorsAndTheProcess() throws Exception {
        gate.serve(
                new VolumeSpec.Null("n0", VolumeSpec.derivedUuid("n0"), 512, 4096),
                new ControllerSpec(
                        "v0", "n0", directory.resolve("v0.sock"), ControllerSpec.Mode.SERVER, false, false, "", 0),
                null);
        gate.serve(
                new VolumeSpec.Malloc(ODD_NAME, VolumeSpec.derivedUuid(ODD_NAME), 4096, 16),
                new ControllerSpec(
                        "v1", ODD_NAME, directory.resolve("v1.sock"), ControllerSpec.Mode.SERVER, true, false, "", 0),
                null);
        final Exposition metrics = read();
        assertThat(metrics.value("basalt_build_info", "version", "0.1.0")).isEqualTo(1);
        assertThat(metrics.value("basalt_disk_size_bytes", "disk", "n0")).isEqualTo(4096 * 512);
        assertThat(metrics.value("basalt_disk_size_bytes", "disk", ODD_NAME)).isEqualTo(16 * 4096);
        assertThat(metrics.value("basalt_disk_ops_total", "disk", "n0", "op", "read"))
                .isZero();
        assertThat(metrics.value("basalt_disk_op_duration_seconds_count", "disk", "n0", "op", "write"))
                .isZero();
        assertThat(metrics.value("basalt_disk_latency_seconds_bucket", "disk", "n0", "op", "read", "le", "+Inf"))
                .isZero();
        assertThat(metrics.value("basalt_disk_stage_seconds_total", "disk", "n0", "op", "write", "stage", "qos"))
                .isZero();
        assertThat(metrics.value("basalt_disk_slow_requests_total", "disk", ODD_NAME, "op", "read"))
                .isZero();
        assertThat(metrics.value("basalt_gate_slow_request_threshold_seconds")).isEqualTo(1);
        assertThat(metrics.value("basalt_controller_sessions", "controller", "v0", "disk", "n0"))
                .isZero();
        assertThat(metrics.value("basalt_gate_unapplied_calls")).isZero();
        assertThat(metrics.value("basalt_reactor_passes_total", "reactor", "0", "name", "data-0"))
                .isPositive();
        assertThat(metrics.value("basalt_reactor_idle_mode", "reactor", "0", "name", "data-0", "mode", "adaptive"))
                .isEqualTo(1);
        assertThat(metrics.value("basalt_reactor_idle_mode", "reactor", "0", "name", "data-0", "mode", "poll"))
                .isZero();
        assertThat(metrics.value("process_open_fds")).isPositive();
        assertThat(metrics.value("process_resident_memory_bytes")).isGreaterThan(1 << 20);
        assertThat(metrics.value("process_cpu_seconds_total")).isPositive();
    }

    @Test
    void countsWhatHappensBetweenTwoReadings() throws Exception {
        final Exposition before = read();
        try (RpcClient client = RpcClient.connect(options.rpcSocket(), Duration.ofMinutes(2))) {
            client.call("framework_set_idle", Json.object().put("mode", "interrupt"));
        }
        final Exposition after = read();
        final String control = String.valueOf(options.reactorCount());
        final String[] labels = {"reactor", control, "name", "control"};
        assertThat(after.value("basalt_reactor_commands_total", labels))
                .isGreaterThan(before.value("basalt_reactor_commands_total", labels));
        assertThat(after.value("basalt_reactor_idle_mode", "reactor", "0", "name", "data-0", "mode", "interrupt"))
                .isEqualTo(1);
        assertThat(after.families()).isEqualTo(before.families()).isSorted();
    }

    @Test
    void answersNothingElse() throws Exception {
        assertThat(ask("GET", "/").statusCode()).isEqualTo(404);
        assertThat(ask("GET", "/metrics/x").statusCode()).isEqualTo(404);
        assertThat(ask("POST", "/metrics").statusCode()).isEqualTo(405);
        final HttpResponse<String> head = ask("HEAD", "/metrics");
        assertThat(head.statusCode()).isIn(200, 204);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void servesItsDisksWhenSomebodyHasThePort() throws IOException {
        gate.close();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            gate = start(options.withMetrics(loopback(taken.getLocalPort())));
            assertThat(gate.metricsAddress()).isNull();
            assertThat(logged.toString(StandardCharsets.UTF_8)).contains("no metrics", ":" + taken.getLocalPort());
            try (RpcClient client = RpcClient.connect(options.rpcSocket(), Duration.ofMinutes(2))) {
                assertThat(client.call("bdev_get_bdevs", null).size()).isZero();
            }
        }
    }

    @Test
    void isSilentUnlessAsked() {
        gate.close();
        gate = start(options.withMetrics(null));
        assertThat(gate.metricsAddress()).isNull();
    }
}
