package io.basalt.meta.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.ClusterFixture;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.testkit.Await;
import io.basalt.wire.meta.ClientIo;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What people are shown of copies that are missing, come back, and move.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RepairApiTest {
    private static final int PGS = 256;

    private ClusterFixture cluster;
    private int device;

    @BeforeAll
    void start(@TempDir Path folder) throws IOException {
        cluster = new ClusterFixture(folder, 2000);
        cluster.startNodes();
        device = get("/v1/nodes/chunk-1").path("devices").path(0).intValue();
        assertThat(cluster.send("POST", "/v1/volumes", "{\"name\":\"vm1\",\"sizeBytes\":1073741824}")
                        .statusCode())
                .isEqualTo(201);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Test
    void aCopyIsMissingComesBackAndIsRemembered() {
        assertThat(get("/v1/repairs").path("total").intValue()).isZero();
        report(true);
        Await.until("its copies are left out", () -> degraded() == PGS);
        final JsonNode absent = get("/v1/repairs?limit=10");
        assertThat(absent.path("total").intValue()).isEqualTo(PGS);
        assertThat(absent.path("repairs").size()).isEqualTo(10);
        assertThat(absent.path("repairs").path(3).path("state").stringValue()).isEqualTo("absent");
        assertThat(absent.path("repairs").path(3).path("to").intValue()).isEqualTo(device);
        assertThat(absent.path("repairs").path(3).has("from")).isFalse();

        report(false);
        Await.until("they are being repaired", () -> status().path("repairing").intValue() == PGS);
        assertThat(cluster.get("/v1/health").body()).contains("PG_DEGRADED", "PG_REPAIRING", "basalt repair ls");
        assertThat(get("/v1/repairs").path("repairs").path(0).path("state").stringValue())
                .isEqualTo("catching-up");

        join(0, get("/v1/pgs/default/0").path("epoch").intValue());
        Await.until("one is in sync", () -> get("/v1/repairs").path("total").intValue() == PGS - 1);
        final JsonNode ended = get("/v1/repairs").path("ended").path(0);
        assertThat(ended.path("pg").intValue()).isZero();
        assertThat(ended.path("outcome").stringValue()).isEqualTo("in-sync");
        assertThat(cluster.get("/metrics").body())
                .contains("basalt_repairs " + (PGS - 1), "basalt_repairs_done_total 1", "state=\"waiting\"");
    }

    private int degraded() {
        return status().path("degraded").intValue();
    }

    private JsonNode status() {
        return get("/v1/status").path("pgs");
    }

    private JsonNode get(String path) {
        final var response = cluster.get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Json.parse(response.body().getBytes(StandardCharsets.UTF_8));
    }

    private void report(boolean failed) {
        cluster.reactor()
                .post(() ->
                        cluster.chunk(1).report(new DeviceReport(device, 0, 1L << 40, failed, 0, 0, 0, ClientIo.NONE)));
    }

    private void join(int pg, int epoch) {
        cluster.reactor()
                .post(() -> cluster.chunk(2)
                        .change(new PgChange(1, pg, epoch, PgChange.Kind.ADD_TO_IN_SYNC, device), new MetaReply<>() {
                            @Override
                            public void done(PgChangeResult result) {
                                assertThat(result.granted()).isTrue();
                            }

                            @Override
                            public void refused(MetaCode code, String reason) {
                                throw new AssertionError(code + ": " + reason);
                            }
                        }));
    }
}
