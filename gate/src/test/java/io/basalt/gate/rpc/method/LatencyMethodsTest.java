package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RequestObserver;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class LatencyMethodsTest {
    private static final long MS = 1_000_000L;

    @TempDir
    private Path directory;

    private GateFixture gate;

    private static final class Done extends BlockRequest {
        Done(long offset) {
            super(1);
            prepare(BlockOperation.WRITE, offset, 4096, false);
        }

        @Override
        public void completed(BlockStatus status) {}
    }

    @BeforeEach
    void start() {
        gate = new GateFixture(directory);
        gate.methods.restore();
        gate.call("bdev_null_create", "{'name':'Null0','block_size':512,'num_blocks':2048}");
    }

    @AfterEach
    void stop() {
        gate.close();
    }

    private RequestObserver observer() {
        return gate.volumes.require("name", "Null0").traces().on(0);
    }

    @Test
    void tellsTimesAndCostsByStage() {
        final Done held = new Done(0);
        held.times().held(30 * MS);
        observer().wrote(held, 40 * MS);
        observer().taken(1, 7_000);
        final JsonNode told = gate.call("bdev_get_latency_breakdown", "{'name':'Null0'}");
        assertThat(told.path("ring").path("sum_ns").longValue()).isEqualTo(7_000);
        final JsonNode write = told.path("write");
        assertThat(write.path("total").path("count").intValue()).isEqualTo(1);
        assertThat(write.path("total").path("buckets").path(0).path(1).intValue())
                .isEqualTo(1);
        assertThat(write.path("stages").size()).isEqualTo(2);
        assertThat(write.path("stages").path(0).path("stage").stringValue()).isEqualTo("qos");
        assertThat(write.path("stages").path(0).path("cost_ns").longValue()).isEqualTo(30 * MS);
        assertThat(write.path("stages").path(1).path("stage").stringValue()).isEqualTo("device");
        assertThat(write.path("stages").path(1).path("cost_ns").longValue()).isEqualTo(10 * MS);
        assertThat(told.path("read").path("stages").isEmpty()).isTrue();
        assertThat(told.path("qos").path("limits").isObject()).isTrue();
        assertThat(gate.failure("bdev_get_latency_breakdown", "{'name':'Nul0'}").getMessage())
                .contains("no volume");
    }

    @Test
    void tellsSlowRequestsOfAllVolumesOrOfOne() {
        gate.call("bdev_null_create", "{'name':'Null1','block_size':512,'num_blocks':2048}");
        gate.call("bdev_set_slow_io", "{'threshold_ms':20}");
        observer().wrote(new Done(4096), 19 * MS);
        observer().wrote(new Done(8192), 21 * MS);
        gate.volumes.slow().drain();
        final JsonNode all = gate.call("bdev_get_slow_io", "{}");
        assertThat(all.path("threshold_ms").intValue()).isEqualTo(20);
        assertThat(all.path("missed").intValue()).isZero();
        assertThat(all.path("requests").size()).isEqualTo(1);
        final JsonNode slow = all.path("requests").path(0);
        assertThat(slow.path("name").stringValue()).isEqualTo("Null0");
        assertThat(slow.path("operation").stringValue()).isEqualTo("write");
        assertThat(slow.path("offset").longValue()).isEqualTo(8192);
        assertThat(slow.path("took_ns").longValue()).isEqualTo(21 * MS);
        assertThat(slow.path("cost_ns").path("device").longValue()).isEqualTo(21 * MS);
        assertThat(gate.call("bdev_get_slow_io", "{'name':'Null1'}")
                        .path("requests")
                        .isEmpty())
                .isTrue();
    }

    @Test
    void whatIsSlowOutlivesTheGate() {
        gate.call("bdev_set_slow_io", "{'threshold_ms':0}");
        gate.close();
        gate = new GateFixture(directory);
        gate.methods.restore();
        assertThat(gate.call("bdev_get_slow_io", "{}").path("threshold_ms").intValue())
                .isZero();
        assertThat(gate.volumes.slow().thresholdNs()).isEqualTo(Long.MAX_VALUE);
        gate.call("bdev_set_slow_io", "{'threshold_ms':250}");
        assertThat(gate.call("save_config", "{}").toString()).contains("bdev_set_slow_io", "250");
    }
}
