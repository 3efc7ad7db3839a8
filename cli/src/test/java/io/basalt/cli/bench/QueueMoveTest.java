package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.cli.bench.Workload.Pattern;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// Queues that move from one reactor to another under a load: nothing is lost, nothing fails, and a
/// reactor that has too much to do gives some of it away.
@Timeout(900)
class QueueMoveTest {
    private static final int MOVES = Integer.getInteger("basalt.moves", 200);
    private static final Duration BOUND = Duration.ofMinutes(4);
    private static final int FILE_BYTES = 16 << 20;
    private static final long SECOND_NS = 1_000_000_000;

    @TempDir
    Path folder;

    private GateBox box;

    @BeforeEach
    void startGate() {
        box = new GateBox(folder.resolve("gate"));
        box.call("framework_set_scheduler", "{'name':'static'}");
    }

    @AfterEach
    void stopGate() {
        box.close();
    }

    /// A load that goes on until it is ended.
    private record Load(CompletableFuture<BenchResult> result, Bench bench, AtomicBoolean goesOn) {
        static Load start(Path socket, Workload workload) {
            final AtomicBoolean goesOn = new AtomicBoolean(true);
            final Bench bench = new Bench(socket, workload, (_, _) -> {}, null)
                    .longerWhile(goesOn::get)
                    .withInflightRegion();
            final CompletableFuture<BenchResult> result = new CompletableFuture<>();
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    result.complete(bench.run());
                } catch (InterruptedException | RuntimeException | AssertionError failure) {
                    result.completeExceptionally(failure);
                }
            });
            Await.until("the load runs", BOUND, () -> result.isDone() || bench.takeLongestGapNs() > 0);
            return new Load(result, bench, goesOn);
        }

        BenchResult end() throws Exception {
            goesOn.set(false);
            return result.get(BOUND.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private static Workload verified(int queues, boolean packed) {
        return new Workload(
                Pattern.RANDRW, 4096, 16, 1, queues, 128, 1, 0, true, packed, true, true, false, 0, 5, true);
    }

    private Path fileDisk() throws IOException {
        final Path image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(FILE_BYTES);
        }
        box.call("bdev_uring_create", "{'name':'disk','filename':'" + image + "'}");
        box.call("vhost_create_blk_controller", "{'ctrlr':'disk','dev_name':'disk','packed_ring':true}");
        return box.socket("disk");
    }

    private void move(String controller, int queue, int reactor) {
        box.call(
                "vhost_controller_move_queue",
                "{'ctrlr':'" + controller + "','queue':" + queue + ",'lcore':" + reactor + "}");
    }

    private JsonNode queue(String controller, int index) {
        return box.sessions(controller).path(0).path("queues").path(index);
    }

    @ParameterizedTest
    @CsvSource({"ram, false", "ram, true", "file, false", "file, true"})
    void aVerifiedLoadOutlivesMovesOfItsQueues(String kind, boolean packed) throws Exception {
        final Path socket = kind.equals("ram") ? box.ramDisk("disk") : fileDisk();
        final Load load = Load.start(socket, verified(3, packed));
        for (int i = 0; i < MOVES; i++) {
            move("disk", i % 3, i / 3 % 2);
        }
        final int moved = IntStream.range(0, 3)
                .map(index -> queue("disk", index).path("moves").asInt())
                .sum();
        final BenchResult result = load.end();
        assertThat(result.verified()).isTrue();
        assertThat(result.requests()).isPositive();
        // The first turn may find a queue where it is to go.
        assertThat(moved).isBetween(MOVES - 6, MOVES);
    }

    @Test
    void saysWhyAQueueCannotMove() throws Exception {
        final Load load = Load.start(box.ramDisk("disk"), verified(1, false));
        assertThatThrownBy(() -> move("disk", 1, 1)).hasMessageContaining("queue 1 does not run");
        assertThatThrownBy(() -> move("disk", 0, 7)).hasMessageContaining("may not use reactor 7");
        assertThatThrownBy(() -> move("none", 0, 1)).hasMessageContaining("no controller 'none'");
        move("disk", 0, queue("disk", 0).path("lcore").asInt());
        assertThat(queue("disk", 0).path("moves").asInt()).isZero();
        load.end();
    }

    @Test
    void aBusyReactorGivesAQueueToAnIdleOne() throws Exception {
        final List<Load> loads = new ArrayList<>();
        for (final String disk : List.of("a", "b")) {
            loads.add(Load.start(box.ramDisk(disk), reading()));
            move(disk, 0, 0);
        }
        box.call("framework_set_scheduler", "{'name':'dynamic','period':20000,'periods':3,'core_busy':60}");
        Await.until("a queue moves", BOUND, () -> moves() > 0);
        Await.until("one lives on each reactor", BOUND, () -> reactorOf("a") + reactorOf("b") == 1);
        for (final Load load : loads) {
            assertThat(load.end().requests()).isPositive();
        }
    }

    private int moves() {
        return box.call("framework_get_scheduler", "").path("moves").asInt();
    }

    private int reactorOf(String disk) {
        return queue(disk, 0).path("lcore").asInt();
    }

    /// Large reads, which cost the reactor much and the load little.
    private static Workload reading() {
        return new Workload(Pattern.RANDREAD, 262_144, 8, 1, 1, 128, 1, 0, false, false, true, true, false, 0, 5, true);
    }

    /// Prints what two reactors do that one had to do alone.
    @Test
    @Tag("soak")
    void twoReactorsDoWhatOneHadToDoAlone() throws Exception {
        final List<Load> loads = new ArrayList<>();
        for (final String disk : List.of("a", "b")) {
            loads.add(Load.start(box.ramDisk(disk), reading()));
        }
        for (int round = 0; round < 5; round++) {
            box.call("framework_set_scheduler", "{'name':'static'}");
            move("a", 0, 0);
            move("b", 0, 0);
            final double alone = iops();
            final int before = moves();
            box.call("framework_set_scheduler", "{'name':'dynamic','period':100000,'periods':5}");
            Await.until("a queue moves", BOUND, () -> moves() > before);
            final double together = iops();
            System.out.printf("one reactor %.0f, two %.0f reads/s: %.2f x%n", alone, together, together / alone);
        }
        for (final Load load : loads) {
            load.end();
        }
    }

    private double iops() {
        final long from = reads();
        final long start = System.nanoTime();
        Await.until("three seconds are over", BOUND, () -> System.nanoTime() - start > 3 * SECOND_NS);
        return (reads() - from) * (double) SECOND_NS / (System.nanoTime() - start);
    }

    private long reads() {
        long sum = 0;
        for (final JsonNode disk : box.call("bdev_get_iostat", "").path("bdevs")) {
            sum += disk.path("num_read_ops").asLong();
        }
        return sum;
    }
}
