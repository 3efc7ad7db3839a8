package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.cli.bench.Workload.Pattern;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchTest {
    private static final long RUN_NS = 300_000_000L;
    private static final int ROUNDS_MAX = 50;

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

    /// Run it until there is something to look at: on a busy machine a round can be over before the load has begun.
    private static BenchResult run(Path socket, Workload workload, Predicate<BenchResult> suffices)
            throws InterruptedException {
        BenchResult result = new Bench(socket, workload, (_, _) -> {}, null).run();
        for (int round = 1; round < ROUNDS_MAX && !suffices.test(result); round++) {
            result = new Bench(socket, workload, (_, _) -> {}, null).run();
        }
        return result;
    }

    @ParameterizedTest
    @CsvSource({
        // pattern, block size, depth, jobs, queues, packed, indirect, event index
        "RANDRW,    4096,   16, 1, 1, false, false, false",
        "RANDRW,    4096,   32, 2, 4, false, true,  true",
        "RANDRW,    512,    64, 1, 2, true,  false, false",
        "RANDRW,    65536,  8,  1, 1, true,  true,  true",
        "RANDWRITE, 4096,   1,  1, 1, false, false, true",
        "WRITE,     131072, 4,  1, 2, false, true,  false",
    })
    void verifiesWhatItWrote(
            Pattern pattern,
            int blockSize,
            int depth,
            int jobs,
            int queues,
            boolean packed,
            boolean indirect,
            boolean eventIndex)
            throws InterruptedException {
        final Path socket = box.ramDisk("disk");
        final Workload workload = new Workload(
                pattern,
                blockSize,
                depth,
                jobs,
                queues,
                256,
                RUN_NS,
                0,
                true,
                packed,
                indirect,
                eventIndex,
                false,
                0,
                7,
                false);

        final BenchResult result = run(socket, workload, made -> made.writes().getTotalCount() > 0);

        assertThat(result.verified()).isTrue();
        assertThat(result.requests()).isPositive();
        assertThat(result.writes().getTotalCount()).isPositive();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, false", "4, 1, 3, false", "32, 2, 2, true"})
    void sleepsUntilTheDiskCalls(int depth, int jobs, int queues, boolean eventIndex) throws InterruptedException {
        final Path socket = box.ramDisk("disk");
        final Workload workload = new Workload(
                Pattern.RANDRW,
                4096,
                depth,
                jobs,
                queues,
                256,
                RUN_NS,
                0,
                true,
                false,
                false,
                eventIndex,
                false,
                0,
                11,
                true);

        final BenchResult result = run(socket, workload, made -> made.requests() > 0 && made.calls() > 0);

        assertThat(result.requests()).isPositive();
        assertThat(result.calls()).as("calls").isPositive();
    }

    @Test
    void verifiesAFile() throws IOException, InterruptedException {
        final Path image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(32 << 20);
        }
        box.call("bdev_uring_create", "{'name':'file','filename':'" + image + "','block_size':512}");
        box.call("vhost_create_blk_controller", "{'ctrlr':'file','dev_name':'file'}");

        final BenchResult result = run(
                box.socket("file"),
                workload(Pattern.RANDRW, 16, 2),
                made -> made.reads().getTotalCount() > 0);

        assertThat(result.reads().getTotalCount()).isPositive();
        assertThat(box.call("bdev_get_iostat", "{'names':['file']}")
                        .path("bdevs")
                        .path(0)
                        .path("num_read_ops")
                        .longValue())
                .isGreaterThanOrEqualTo(result.reads().getTotalCount());
    }

    @Test
    void noticesDataThatSomebodyElseChanged() throws InterruptedException {
        final Path socket = box.ramDisk("disk");
        box.call("vhost_create_blk_controller", "{'ctrlr':'other','dev_name':'disk'}");
        final AtomicBoolean noticed = new AtomicBoolean();
        final Thread intruder = Thread.ofPlatform().start(() -> {
            try {
                new Bench(box.socket("other"), overwriting(RUN_NS, false), (_, _) -> {}, null)
                        .longerWhile(() -> !noticed.get())
                        .run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });

        try {
            // It ends with the first wrong block; the time is a bound, long enough to meet the intruder on a busy
            // machine.
            assertThatThrownBy(() -> new Bench(socket, overwriting(400 * RUN_NS, true), (_, _) -> {}, null).run())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("verify: block");
        } finally {
            noticed.set(true);
            intruder.join();
        }
    }

    @Test
    void saysThatTheBackEndHungUp() {
        final Path socket = box.ramDisk("disk");
        final AtomicBoolean deleted = new AtomicBoolean();
        final Bench bench = new Bench(
                socket,
                workload(Pattern.RANDRW, 16, 1),
                (_, iops) -> {
                    if (iops > 0 && !deleted.getAndSet(true)) {
                        box.call("vhost_delete_controller", "{'ctrlr':'disk'}");
                    }
                },
                null);
        assertThatThrownBy(() -> bench.longerWhile(() -> true).run())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("the back end hung up after [1-9][0-9]* answered requests");
    }

    private static Workload overwriting(long runNs, boolean verify) {
        return new Workload(
                Pattern.RANDRW,
                4096,
                4,
                1,
                1,
                256,
                runNs,
                0,
                verify,
                false,
                false,
                false,
                false,
                0,
                verify ? 3 : 99,
                false);
    }

    @Test
    void namesWhatIsMissing() {
        assertThatThrownBy(() -> workload(Pattern.READ, 0, 1)).hasMessageContaining("--iodepth: 0");
        box.call("bdev_null_create", "{'name':'small','num_blocks':8,'block_size':512}");
        box.call("vhost_create_blk_controller", "{'ctrlr':'small','dev_name':'small'}");
        assertThatThrownBy(
                        () -> new Bench(box.socket("small"), workload(Pattern.READ, 16, 1), (_, _) -> {}, null).run())
                .hasMessageContaining("too small");
    }

    private static Workload workload(Pattern pattern, int depth, int queues) {
        return new Workload(
                pattern, 4096, depth, 1, queues, 256, RUN_NS, 0, true, false, false, false, false, 0, 3, false);
    }
}
