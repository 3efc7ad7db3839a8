package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.CommandRun;
import io.basalt.cli.bench.Workload.Pattern;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Limits of a gate's disks as operators set them and front ends meet them.
class QosTest {
    private static final long MS = 1_000_000;
    private static final long SECOND = 1_000 * MS;

    @TempDir
    Path folder;

    private GateBox box;

    @BeforeEach
    void startGate() {
        box = new GateBox(folder.resolve("gate"));
    }

    @AfterEach
    void stopGate() {
        box.close();
    }

    private CommandRun run(String... words) {
        return CommandRun.of(
                List.of(words),
                List.of("--rpc-socket", folder.resolve("gate/rpc.sock").toString()));
    }

    private static Workload workload(int blockSize, int depth, int queues, long runNs, long rampNs) {
        return new Workload(
                Pattern.RANDREAD,
                blockSize,
                depth,
                1,
                queues,
                256,
                runNs,
                rampNs,
                false,
                false,
                false,
                true,
                false,
                0,
                7,
                false);
    }

    @Test
    void commandsLimitADiskAndTellItsLimits() {
        box.ramDisk("disk");

        assertThat(run("qos", "show", "disk").out()).contains("class      none").contains("nothing so far");
        final CommandRun set = run(
                "qos",
                "set",
                "disk",
                "--iops",
                "2000",
                "--burst-iops",
                "6000",
                "--burst-seconds",
                "1800",
                "--mbps",
                "100");
        assertThat(set.err()).isEmpty();
        assertThat(set.out())
                .contains("class      own")
                .contains("requests   2000/s, bursts of 6000/s for 30 min (credit 100 %)")
                .contains("bytes      100 MiB/s");
        assertThat(run("qos", "set", "disk", "--class", "ssd").out()).contains("requests   1200/s");
        assertThat(run("qos", "show").out()).contains("VOLUME").contains("disk").contains("ssd");
        assertThat(run("qos", "show", "-o", "json").out()).contains("\"per_sec\" : 1200");
        assertThat(run("qos", "class", "ls").out())
                .contains("ssd")
                .contains("1200 + 30/GiB, at most 24000")
                .contains("80 MiB + 512 KiB/GiB");
    }

    @Test
    void commandsSayWhatWouldBeDoneAndWhatMayHaveBeenMeant() {
        box.ramDisk("disk");

        assertThat(run("qos", "set", "disk", "--iops", "5", "--dry-run").out())
                .isEqualTo("would limit disk: rw_ios_per_sec 5\n");
        assertThat(run("qos", "show", "-o", "name").out()).isEqualTo("disk\n");
        assertThat(run("qos", "show", "disk").out()).contains("none");
        assertThat(run("qos", "show", "dist").err()).contains("did you mean 'disk'?");
        assertThat(run("qos", "set", "disk", "--class", "sdd").err()).contains("did you mean 'ssd'?");
        assertThat(run("qos", "set", "disk").code()).isEqualTo(2);
        assertThat(run("qos", "set", "disk", "--class", "ssd", "--iops", "5").err())
                .contains("a volume has a class or limits of its own");
        assertThat(run("qos", "class", "set", "gold", "--iops", "9", "--dry-run")
                        .out())
                .startsWith("would make class gold: 9 + 0/GiB");
        assertThat(run("qos", "class", "set", "gold", "--iops", "9").code()).isZero();
        assertThat(run("qos", "class", "rm", "gold").out()).isEqualTo("removed class gold\n");
    }

    @Test
    void aLimitHoldsForARunningDiskAndNobodyWaitsForItAtTheEnd() throws InterruptedException {
        final Path socket = box.ramDisk("disk");
        box.call("bdev_set_qos_limit", "{'name':'disk','rw_ios_per_sec':1000}");
        final BenchResult result = new Bench(socket, workload(4096, 16, 2, SECOND, 100 * MS), (_, _) -> {}, null).run();
        final double seconds = (double) result.elapsedNs() / SECOND;
        // The upper bound is the product's; the lower one is the machine's, which may be busy with other things.
        assertThat((double) result.requests()).isBetween(1.0, 1000 * seconds + 20 + 64);
        assertThat(box.call("bdev_get_qos", "").path(0).path("throttled").longValue())
                .isPositive();

        // Two requests a second, 32 in flight: the ring would take 16 seconds to drain at its rate.
        box.call("bdev_set_qos_limit", "{'name':'disk','rw_ios_per_sec':2}");
        final long before = reads("disk");
        final Thread lift = Thread.ofPlatform().start(() -> {
            while (box.call("bdev_get_qos", "").path(0).path("waiting").longValue() < 32) {
                Thread.onSpinWait();
            }
            box.call("bdev_set_qos_limit", "{'name':'disk','rw_ios_per_sec':0}");
        });
        final BenchResult lifted = new Bench(socket, workload(4096, 16, 2, SECOND, 0), (_, _) -> {}, null)
                .longerWhile(() -> lift.isAlive() || reads("disk") < before + 2000)
                .run();
        lift.join();
        assertThat(lifted.requests()).isGreaterThan(1000);
    }

    private long reads(String disk) {
        return box.call("bdev_get_iostat", "{'names':['" + disk + "']}")
                .path("bdevs")
                .path(0)
                .path("num_read_ops")
                .longValue();
    }

    @ParameterizedTest
    @Tag("soak")
    @CsvSource({
        // requests per second, MiB per second, bytes of a request, depth, queues
        "1000, 0, 4096, 32, 1",
        "1000, 0, 4096, 32, 4",
        "20000, 0, 4096, 32, 1",
        "20000, 0, 4096, 32, 4",
        "200000, 0, 4096, 64, 1",
        "200000, 0, 4096, 64, 4",
        "0, 100, 4096, 32, 1",
        "0, 100, 4096, 32, 4",
        "0, 100, 131072, 16, 1",
        "0, 100, 131072, 16, 4",
    })
    void tenSecondsAtALimitAreExactToWithinTwoPercent(long iops, long mbytes, int blockSize, int depth, int queues)
            throws InterruptedException {
        box.call("bdev_null_create", "{'name':'null','num_blocks':2097152,'block_size':512}");
        box.call("vhost_create_blk_controller", "{'ctrlr':'null','dev_name':'null'}");
        box.call(
                "bdev_set_qos_limit",
                "{'name':'null','rw_ios_per_sec':" + iops + ",'rw_mbytes_per_sec':" + mbytes + "}");
        final BenchResult result = new Bench(
                        box.socket("null"), workload(blockSize, depth, queues, 10 * SECOND, SECOND), (_, _) -> {}, null)
                .run();
        final double wanted = iops > 0 ? iops : mbytes * (double) (1 << 20);
        final double measured = iops > 0 ? result.iops() : result.bytesPerSecond();
        System.out.printf(
                Locale.ROOT,
                "%d queues of %d, %d bytes: %.0f of %.0f a second, %+.3f %%%n",
                queues,
                depth,
                blockSize,
                measured,
                wanted,
                100 * (measured / wanted - 1));
        assertThat(measured / wanted).isBetween(0.98, 1.02);
    }
}
