package io.basalt.meta.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.ClusterFixture;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.testkit.Await;
import io.basalt.wire.meta.ClientIo;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.UsageReport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The REST API as its users see it, on a real metaserver with nodes.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestApiTest {
    private static final Pattern PATH = Pattern.compile("^  (/\\S*):$");
    private static final Pattern METHOD = Pattern.compile("^    (get|put|post|patch|delete):$");

    private Path folder;
    private ClusterFixture cluster;

    @BeforeAll
    void start(@TempDir Path temporary) throws IOException {
        folder = temporary;
        cluster = new ClusterFixture(folder, 2000);
        cluster.startNodes();
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void everyRouteIsDescribedAndEveryDescriptionIsARoute() {
        final HttpResponse<String> description =
                cluster.send(cluster.bare("/v1/openapi.yaml").build());
        assertThat(description.statusCode()).isEqualTo(200);
        assertThat(operationsOf(description.body())).containsExactlyInAnyOrderElementsOf(routes());
    }

    @Test
    void everyRouteButTheOpenOnesWantsAToken() {
        final Set<String> open = Set.of("GET /healthz", "GET /readyz", "GET /v1/openapi.yaml");
        for (final String operation : routes()) {
            final String method = operation.substring(0, operation.indexOf(' '));
            final String path = operation.substring(method.length() + 1).replaceAll("\\{[^}]*\\}", "1");
            final HttpResponse<String> none = cluster.send(
                    cluster.bare(path).method(method, BodyPublishers.noBody()).build());
            final HttpResponse<String> wrong = cluster.send(cluster.bare(path)
                    .header("Authorization", "Bearer " + "x".repeat(43))
                    .method(method, BodyPublishers.noBody())
                    .build());
            if (open.contains(operation)) {
                assertThat(none.statusCode()).as(operation).isEqualTo(200);
            } else {
                assertProblem(none, 401, "Authorization");
                assertProblem(wrong, 401, "Authorization");
                assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Bearer realm=\"basalt\"");
            }
        }
    }

    @Test
    void theFirstTokenIsInAFileThatOnlyItsOwnerReads() throws IOException {
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(cluster.server().tokenFile())))
                .isEqualTo("rw-------");
        assertThat(Files.readString(cluster.server().tokenFile())).hasSize(44);
        assertThat(InetAddress.getByName(URI.create(cluster.server().restUrl()).getHost())
                        .isLoopbackAddress())
                .isTrue();
    }

    @Test
    void noTokenIsEverStoredInTheLog() throws IOException {
        try (var files = Files.walk(folder.resolve("log"))) {
            for (final Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .doesNotContain(cluster.token());
            }
        }
    }

    @Test
    void aReadOnlyTokenMayLookAndNothingElse() {
        final JsonNode made = json(cluster.send("POST", "/v1/tokens", "{\"name\":\"viewer\",\"readOnly\":true}"), 201);
        final String header = "Bearer " + made.path("token").stringValue();
        assertThat(cluster.send(cluster.bare("/v1/volumes")
                                .header("Authorization", header)
                                .build())
                        .statusCode())
                .isEqualTo(200);
        assertProblem(
                cluster.send(cluster.bare("/v1/volumes/x")
                        .header("Authorization", header)
                        .DELETE()
                        .build()),
                403,
                "token");
        assertThat(cluster.get("/v1/tokens").body())
                .contains("viewer")
                .doesNotContain(made.path("token").stringValue());
        assertThat(cluster.send("DELETE", "/v1/tokens/viewer", "").statusCode()).isEqualTo(204);
        assertThat(cluster.send(cluster.bare("/v1/volumes")
                                .header("Authorization", header)
                                .build())
                        .statusCode())
                .isEqualTo(401);
        assertProblem(cluster.send("DELETE", "/v1/tokens/admin", ""), 409, "token");
    }

    @Test
    void aDeviceThatFailsIsSaidToFailAndOneThatIsWellAgainIsNot() {
        final int id = firstDeviceOf("chunk-1");
        report(new DeviceReport(id, 0, 1L << 40, false, 0, 0, 1, ClientIo.NONE));
        Await.until("errors are told", () -> cluster.get("/v1/health").body().contains("DEVICE_ERRORS"));
        assertThat(cluster.get("/v1/health").body()).contains("has failed 1 operation since its chunk server began");

        report(new DeviceReport(id, 0, 1L << 40, true, 0, 0, 12, ClientIo.NONE));
        Await.until(
                "the device is down",
                () -> cluster.get("/v1/devices/" + id).body().contains("\"state\" : \"DOWN_IN\""));
        final JsonNode device = json(cluster.get("/v1/devices/" + id), 200);
        assertThat(device.path("failed").booleanValue()).isTrue();
        assertThat(device.path("errors").intValue()).isEqualTo(12);
        assertThat(json(cluster.get("/v1/status"), 200)
                        .path("devices")
                        .path("failed")
                        .intValue())
                .isEqualTo(1);
        assertThat(cluster.get("/v1/health").body())
                .contains("DEVICE_FAILED", "cannot be written to, and serves nothing", "basalt device out")
                .doesNotContain("DEVICE_DOWN", "DEVICE_ERRORS");

        report(new DeviceReport(id, 0, 1L << 40, false, 0));
        Await.until("all is well", () -> !cluster.get("/v1/health").body().contains("DEVICE_"));
        letEveryCopyJoin();
    }

    /// What the primaries would do, which do not run here.
    private void letEveryCopyJoin() {
        for (final JsonNode pg : json(cluster.get("/v1/pgs?limit=300"), 200).path("pgs")) {
            for (final JsonNode replica : pg.path("replicas")) {
                if (!replica.path("inSync").booleanValue()) {
                    final PgChange wish = new PgChange(
                            1,
                            pg.path("pg").intValue(),
                            pg.path("epoch").intValue(),
                            PgChange.Kind.ADD_TO_IN_SYNC,
                            replica.path("device").intValue());
                    cluster.reactor().post(() -> cluster.chunk(2).change(wish, ignored()));
                }
            }
        }
        Await.until(
                "every copy is in sync",
                () -> json(cluster.get("/v1/repairs"), 200).path("total").intValue() == 0);
    }

    @Test
    void whatDevicesHoldAndDoIsShownByVolumeAndDevice() {
        final JsonNode made =
                json(cluster.send("POST", "/v1/volumes", "{\"name\":\"used\",\"sizeBytes\":1073741824}"), 201);
        assertThat(made.path("contentBytes").longValue()).isZero();
        final long part = made.path("parts").path(0).path("id").longValue();
        final int id = firstDeviceOf("chunk-1");
        cluster.reactor().post(() -> {
            final MetaClient chunk = cluster.chunk(1);
            final long[] parts = {part, part + 1000};
            chunk.report(
                    new UsageReport(chunk.nodeId(), id, 1, Long.MAX_VALUE, parts, new long[] {8192, 4096}),
                    new MetaReply<>() {
                        @Override
                        public void done(Boolean answer) {}

                        @Override
                        public void refused(MetaCode code, String reason) {
                            throw new AssertionError(reason);
                        }
                    });
        });
        Await.until("use is told", () -> cluster.get("/v1/volumes/used").body().contains("\"contentBytes\" : 8192"));
        assertThat(json(cluster.get("/v1/status"), 200)
                        .path("capacity")
                        .path("deletedBytes")
                        .longValue())
                .isEqualTo(4096);

        final long second = 1_000_000_000L;
        report(new DeviceReport(id, 0, 1L << 40, false, 0, 12288, 0, new ClientIo(second, 0, 0, 0, 0)));
        Await.until("content is told", () -> cluster.get("/v1/status").body().contains("\"contentBytes\" : 12288"));
        report(new DeviceReport(id, 0, 1L << 40, false, 0, 12288, 0, new ClientIo(3 * second, 20, 8, 8192, 4096)));
        Await.until("rates are told", () -> cluster.get("/v1/status").body().contains("\"readsPerSecond\" : 10.0"));
        final JsonNode io = json(cluster.get("/v1/devices/" + id), 200).path("io");
        assertThat(io.path("writesPerSecond").doubleValue()).isEqualTo(4);
        assertThat(io.path("readBytesPerSecond").longValue()).isEqualTo(4096);
        assertThat(io.path("writtenBytesPerSecond").longValue()).isEqualTo(2048);
        assertThat(cluster.send("DELETE", "/v1/volumes/used", "").statusCode()).isEqualTo(204);
    }

    private void report(DeviceReport report) {
        cluster.reactor().post(() -> cluster.chunk(1).report(report));
    }

    private static MetaReply<PgChangeResult> ignored() {
        return new MetaReply<>() {
            @Override
            public void done(PgChangeResult result) {}

            @Override
            public void refused(MetaCode code, String reason) {}
        };
    }

    private int firstDeviceOf(String node) {
        return json(cluster.get("/v1/nodes/" + node), 200)
                .path("devices")
                .path(0)
                .intValue();
    }

    @Test
    void aVolumeIsMadeShownGrownRenamedAndDeleted() {
        final JsonNode made =
                json(cluster.send("POST", "/v1/volumes", "{\"name\":\"life\",\"sizeBytes\":1073741824}"), 201);
        assertThat(made.path("generation").intValue()).isZero();
        assertThat(made.path("shardBytes").intValue()).isEqualTo(1 << 20);
        assertThat(made.path("gate").isNull()).isTrue();
        assertThat(json(cluster.get("/v1/volumes/life"), 200)).isEqualTo(made);
        final JsonNode grown =
                json(cluster.send("PATCH", "/v1/volumes/life", "{\"sizeBytes\":2147483648,\"name\":\"life2\"}"), 200);
        assertThat(grown.path("sizeBytes").longValue()).isEqualTo(2L << 30);
        assertThat(grown.path("id")).isEqualTo(made.path("id"));
        assertThat(cluster.send("DELETE", "/v1/volumes/life2", "").statusCode()).isEqualTo(204);
        assertProblem(cluster.get("/v1/volumes/life2"), 404, "volume");
        assertProblem(cluster.send("DELETE", "/v1/volumes/life2", ""), 404, "volume");
    }

    @Test
    void aVolumeIsServedByAGateAndReleased() {
        json(cluster.send("POST", "/v1/volumes", "{\"name\":\"served\",\"sizeBytes\":1073741824}"), 201);
        final JsonNode served = json(cluster.send("POST", "/v1/volumes/served/attach", "{}"), 200);
        assertThat(served.path("gate").stringValue()).isEqualTo("gate-1");
        assertThat(served.path("generation").intValue()).isEqualTo(1);
        assertThat(served.path("socket").stringValue()).isEqualTo("/run/basalt/gate/served.sock");
        assertProblem(cluster.send("DELETE", "/v1/volumes/served", ""), 409, "volume");
        final JsonNode released = json(cluster.send("POST", "/v1/volumes/served/detach", "{}"), 200);
        assertThat(released.path("attached").booleanValue()).isFalse();
        json(cluster.send("POST", "/v1/volumes/served/attach", "{\"gate\":\"gate-1\"}"), 200);
        final JsonNode fenced = json(cluster.send("POST", "/v1/volumes/served/detach", "{\"force\":true}"), 200);
        assertThat(fenced.path("generation").intValue()).isEqualTo(3);
        assertThat(fenced.path("attached").booleanValue()).isFalse();
        assertProblem(cluster.send("POST", "/v1/volumes/served/attach", "{\"gate\":\"nobody\"}"), 404, "gate");
        assertThat(cluster.send("DELETE", "/v1/volumes/served", "").statusCode())
                .isEqualTo(204);
    }

    @Test
    void aRepeatedRequestWithTheSameKeyHasItsEffectOnce() {
        final String body = "{\"name\":\"once\",\"sizeBytes\":4096}";
        final JsonNode first = json(cluster.send(withKey("/v1/volumes", "key-1", body)), 201);
        assertThat(json(cluster.send(withKey("/v1/volumes", "key-1", body)), 201))
                .isEqualTo(first);
        assertProblem(
                cluster.send(withKey("/v1/volumes", "key-1", "{\"name\":\"other\",\"sizeBytes\":4096}")),
                409,
                "request id");
        assertProblem(cluster.send("POST", "/v1/volumes", body), 409, "name");
        assertProblem(cluster.send(withKey("/v1/volumes", "k".repeat(129), body)), 400, "Idempotency-Key");
    }

    @Test
    void volumesAreListedInPages() {
        for (int number = 0; number < 7; number++) {
            json(cluster.send("POST", "/v1/volumes", "{\"name\":\"page-" + number + "\",\"sizeBytes\":4096}"), 201);
        }
        final List<String> names = new ArrayList<>();
        String next = "";
        do {
            final JsonNode page = json(cluster.get("/v1/volumes?limit=3&after=" + next), 200);
            page.path("volumes").forEach(volume -> names.add(volume.path("name").stringValue()));
            next = page.path("next").stringValue("");
        } while (!next.isEmpty());
        assertThat(names).isSorted().doesNotHaveDuplicates();
        assertThat(names.stream().filter(name -> name.startsWith("page-"))).hasSize(7);
    }

    @Test
    void whatIsWrongIsNamed() {
        assertProblem(cluster.send("POST", "/v1/volumes", "{"), 400, "body");
        assertProblem(cluster.send("POST", "/v1/volumes", "[]"), 400, "body");
        assertProblem(cluster.send("POST", "/v1/volumes", "{\"name\":\"x\"}"), 400, "sizeBytes");
        assertProblem(cluster.send("POST", "/v1/volumes", "{\"name\":\"x\",\"sizeBytes\":\"1\"}"), 400, "sizeBytes");
        assertProblem(cluster.send("POST", "/v1/volumes", "{\"name\":\"x\",\"sizeBytes\":1}"), 400, "sizeBytes");
        assertProblem(cluster.send("POST", "/v1/volumes", "{\"name\":\"x\",\"sizeByte\":1}"), 400, "sizeByte");
        assertProblem(cluster.send("POST", "/v1/volumes", "{\"name\":\"a b\",\"sizeBytes\":4096}"), 400, "name");
        assertProblem(
                cluster.send("POST", "/v1/volumes", "{\"name\":\"x\",\"sizeBytes\":4096,\"set\":\"no\"}"), 404, "set");
        assertProblem(
                cluster.send("POST", "/v1/volumes", "{\"name\":\"x\",\"sizeBytes\":70368744177664}"), 507, "sizeBytes");
        assertProblem(cluster.get("/v1/volumes?limit=0"), 400, "limit");
        assertProblem(cluster.get("/v1/volumes?limt=3"), 400, "limt");
        assertProblem(cluster.get("/v1/devices/one"), 400, "id");
        assertProblem(cluster.get("/v2/volumes"), 404, "path");
        assertProblem(cluster.send("PUT", "/v1/volumes", "{}"), 405, "method");
        assertProblem(cluster.send("POST", "/v1/volumes", " ".repeat(RestServer.BODY_BYTES_MAX + 1)), 413, "body");
        assertProblem(
                cluster.send(cluster.request("/v1/volumes")
                        .header("Content-Type", "text/plain")
                        .POST(BodyPublishers.ofString("{}"))
                        .build()),
                415,
                "Content-Type");
    }

    @Test
    void nodesDevicesSetsAndPlacementGroupsAreShown() {
        assertThat(json(cluster.get("/v1/nodes"), 200).path("nodes").size()).isEqualTo(4);
        assertThat(json(cluster.get("/v1/nodes/gate-1"), 200).path("role").stringValue())
                .isEqualTo("gate");
        assertThat(json(cluster.get("/v1/devices"), 200).path("devices").size()).isEqualTo(3);
        final JsonNode device = json(cluster.get("/v1/devices/1"), 200);
        assertThat(device.path("state").stringValue()).isEqualTo("UP_IN");
        assertThat(device.path("weight").doubleValue()).isEqualTo(1.0);
        final JsonNode set = json(cluster.get("/v1/sets/default"), 200);
        assertThat(set.path("usableBytes").longValue()).isEqualTo(1L << 40);
        final JsonNode pgs = json(cluster.get("/v1/pgs?state=clean&limit=300"), 200);
        assertThat(pgs.path("pgs").size()).isEqualTo(256);
        final JsonNode pg = json(cluster.get("/v1/pgs/default/5"), 200);
        assertThat(pg.path("replicas").size()).isEqualTo(3);
        assertProblem(cluster.get("/v1/pgs/default/256"), 404, "pg");
    }

    @Test
    void aDeviceIsWeighedAndASetBounded() {
        final JsonNode heavy = json(cluster.send("PATCH", "/v1/devices/2", "{\"weight\":2.5}"), 200);
        assertThat(heavy.path("weight").doubleValue()).isEqualTo(2.5);
        json(cluster.send("PATCH", "/v1/devices/2", "{\"weight\":1}"), 200);
        assertProblem(cluster.send("PATCH", "/v1/devices/2", "{\"state\":\"gone\"}"), 400, "state");
        assertProblem(cluster.send("PATCH", "/v1/devices/99", "{\"state\":\"out\"}"), 404, "device");
        final JsonNode set = json(cluster.send("POST", "/v1/sets", "{\"name\":\"cold\",\"copies\":2}"), 201);
        assertThat(set.path("laidOut").booleanValue()).isFalse();
        assertThat(json(cluster.send("PATCH", "/v1/sets/cold", "{\"minCopies\":1}"), 200)
                        .path("minCopies")
                        .intValue())
                .isEqualTo(1);
        assertProblem(cluster.send("PATCH", "/v1/sets/cold", "{\"minCopies\":3}"), 400, "minCopies");
        assertProblem(cluster.send("POST", "/v1/sets", "{\"name\":\"x\",\"pgCount\":0}"), 400, "rule");
    }

    @Test
    void statusAndMetricsAgree() {
        final JsonNode status = json(cluster.get("/v1/status"), 200);
        assertThat(status.path("meta").path("leader").booleanValue()).isTrue();
        assertThat(status.path("nodes").path("chunk").path("up").intValue()).isEqualTo(3);
        final String metrics = cluster.get("/metrics").body();
        assertThat(metrics)
                .contains("# TYPE basalt_volumes gauge")
                .contains("basalt_nodes{role=\"chunk\",state=\"up\"} 3")
                .contains("basalt_pgs{set=\"default\",state=\"clean\"} 256")
                .contains("basalt_device_state{device=\"1\",set=\"default\",state=\"up_in\"} 1");
        final Set<String> families = new HashSet<>();
        for (final String line : metrics.split("\n", -1)) {
            if (line.startsWith("# TYPE ")) {
                assertThat(families.add(line.split(" ", -1)[2])).as(line).isTrue();
            }
        }
    }

    private HttpRequest withKey(String path, String key, String body) {
        return cluster.request(path)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(body))
                .build();
    }

    private static void assertProblem(HttpResponse<String> response, int status, String field) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        final JsonNode problem = Json.parse(response.body().getBytes(StandardCharsets.UTF_8));
        assertThat(problem.path("field").stringValue()).isEqualTo(field);
        assertThat(problem.path("reason").stringValue()).isNotEmpty();
        assertThat(problem.path("status").intValue()).isEqualTo(status);
    }

    private static JsonNode json(HttpResponse<String> response, int status) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return Json.parse(response.body().getBytes(StandardCharsets.UTF_8));
    }

    private List<String> routes() {
        return cluster.server().rest().operations();
    }

    private static List<String> operationsOf(String description) {
        final List<String> operations = new ArrayList<>();
        String path = "";
        for (final String line : description.split("\n", -1)) {
            final Matcher pathLine = PATH.matcher(line);
            final Matcher methodLine = METHOD.matcher(line);
            if (pathLine.matches()) {
                path = pathLine.group(1);
            } else if (methodLine.matches()) {
                operations.add(methodLine.group(1).toUpperCase(Locale.ROOT) + " " + path);
            }
        }
        return operations;
    }
}
