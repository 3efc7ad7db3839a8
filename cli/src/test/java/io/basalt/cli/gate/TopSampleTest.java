package io.basalt.cli.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.basalt.gate.rpc.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class TopSampleTest {
    private static JsonNode json(String text) {
        return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static TopSample sample(long ticks, long busy, long idle, long reads, long bytes, long latency) {
        return new TopSample(
                json("{'reactors':[{'name':'data-0','lcore':0,'cpu':-1,'mode':'poll','busy':" + busy + ",'idle':" + idle
                        + ",'pollers':2,'loop_max':1500000}]}"),
                json("{'ticks':" + ticks + ",'bdevs':[{'name':'vm1','num_read_ops':" + reads + ",'bytes_read':" + bytes
                        + ",'read_latency_ticks':" + latency + ",'num_write_ops':0,'bytes_written':0,"
                        + "'write_latency_ticks':0}]}"),
                json("[{'backend_specific':{'block':{'bdev':'vm1'}},'sessions':[{'queues':[{'index':0,'lcore':0},"
                        + "{'index':1,'lcore':3}]}]}]"));
    }

    @Test
    void tellsRatesSharesAndMeansOfTheTimeInBetween() {
        final JsonNode seen = sample(3_000_000_000L, 2_500_000_000L, 500_000_000L, 4_100, 16_793_600, 50_000_000)
                .since(sample(1_000_000_000L, 1_000_000_000L, 0, 100, 409_600, 10_000_000));
        assertThat(seen.path("seconds").doubleValue()).isEqualTo(2);
        final JsonNode reactor = seen.path("reactors").path(0);
        assertThat(reactor.path("busy_percent").doubleValue()).isEqualTo(75);
        assertThat(reactor.path("longest_pass_us").doubleValue()).isEqualTo(1500);
        final JsonNode disk = seen.path("disks").path(0);
        assertThat(disk.path("reads_per_second").doubleValue()).isEqualTo(2000);
        assertThat(disk.path("read_bytes_per_second").doubleValue()).isCloseTo(8_192_000, within(1.0));
        assertThat(disk.path("read_mean_us").doubleValue()).isCloseTo(10, within(1e-9));
        assertThat(disk.path("write_mean_us").doubleValue()).isZero();
        assertThat(disk.path("queues").toString()).isEqualTo("[\"0:0\",\"1:3\"]");
    }

    @Test
    void takesCountersThatWereResetForNew() {
        final JsonNode seen = sample(2_000_000_000L, 1, 1, 30, 122_880, 300)
                .since(sample(1_000_000_000L, 0, 0, 1000, 4_096_000, 9000));
        assertThat(seen.path("disks").path(0).path("reads_per_second").doubleValue())
                .isEqualTo(30);
    }
}
