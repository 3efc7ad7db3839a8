package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.rpc.RpcError;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/// Gates that hand their guests over, in one process and over real sockets, under load that checks every byte.
class HandoverTest {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final int HANDOVERS = Integer.getInteger("basalt.handovers", 8);
    private static final int DISK_BYTES = 32 << 20;

    @TempDir
    Path folder;

    private void fileDisk(HandoverBox box, String name) throws IOException {
        final Path image = folder.resolve(name + ".img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
        box.call("bdev_uring_create", "{'name':'" + name + "','filename':'" + image + "','block_size':512}");
        box.call(
                "vhost_create_blk_controller", "{'ctrlr':'" + name + "','dev_name':'" + name + "','packed_ring':true}");
    }

    private static Workload load(boolean packed, boolean calls, int queues, int depth) {
        return new Workload(
                Workload.Pattern.RANDRW,
                4096,
                depth,
                1,
                queues,
                256,
                50_000_000L,
                0,
                true,
                packed,
                false,
                false,
                false,
                0,
                5,
                calls);
    }

    private static CompletableFuture<BenchResult> start(Path socket, Workload workload, AtomicBoolean goesOn) {
        final CompletableFuture<BenchResult> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("load").start(() -> {
            try {
                result.complete(new Bench(socket, workload, (_, _) -> {}, null)
                        .longerWhile(goesOn::get)
                        .run());
            } catch (Throwable failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void guestsLoseNothingInManyHandoversUnderLoad(boolean packed, boolean calls) throws IOException {
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        final long[] pausesUs = new long[HANDOVERS];
        try (HandoverBox box = new HandoverBox(folder.resolve("gate"))) {
            fileDisk(box, "disk");
            final CompletableFuture<BenchResult> result = start(box.socket("disk"), load(packed, calls, 4, 32), goesOn);
            Await.until("the load runs", BOUND, () -> box.requests("disk") > 1000);
            for (int i = 0; i < HANDOVERS; i++) {
                final JsonNode answer = box.handOver();
                pausesUs[i] = answer.path("disks").path(0).path("pause_us").longValue();
                Await.until("requests are answered again", BOUND, () -> {
                    assertThat(result).isNotCompletedExceptionally();
                    return box.requests("disk") > 500;
                });
            }
            goesOn.set(false);
            final BenchResult done = result.join();
            assertThat(done.verified()).isTrue();
            assertThat(done.requests()).isPositive();
            Arrays.sort(pausesUs);
            System.out.printf(
                    "hand-over packed=%s calls=%s: pause p50 %d us, p99 %d us, max %d us of %d%n",
                    packed,
                    calls,
                    pausesUs[HANDOVERS / 2],
                    pausesUs[(HANDOVERS * 99 - 1) / 100],
                    pausesUs[HANDOVERS - 1],
                    HANDOVERS);
        }
    }

    @Test
    void leavesNoDescriptorAndNoMappingInTheProcessThatHandedOver() throws IOException {
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        try (HandoverBox box = new HandoverBox(folder.resolve("gate"))) {
            fileDisk(box, "disk");
            fileDisk(box, "idle");
            final CompletableFuture<BenchResult> result = start(box.socket("disk"), load(false, false, 2, 8), goesOn);
            Await.until("the load runs", BOUND, () -> box.requests("disk") > 100);
            box.handOver();
            Await.until("requests are answered again", BOUND, () -> box.requests("disk") > 100);
            final Holdings before = Holdings.settled();
            box.handOver();
            Await.until("requests are answered again", BOUND, () -> box.requests("disk") > 100);

            before.awaitNoMore();
            assertThat(Holdings.settled()).isEqualTo(before);
            goesOn.set(false);
            assertThat(result.join().verified()).isTrue();
        }
        assertThat(Files.exists(folder.resolve("gate/vhost/disk"))).isFalse();
    }

    @Test
    void frontEndsThatComeLaterFindTheNewProcess() throws IOException {
        try (HandoverBox box = new HandoverBox(folder.resolve("gate"))) {
            fileDisk(box, "disk");
            box.handOver();
            final CompletableFuture<BenchResult> result =
                    start(box.socket("disk"), load(false, false, 1, 4), new AtomicBoolean(false));
            assertThat(result.join().verified()).isTrue();
            box.call("vhost_delete_controller", "{'ctrlr':'disk'}");
            assertThat(Files.exists(box.socket("disk"))).isFalse();
        }
    }

    @Test
    void refusesToHandOverAScsiControllerAndServesOn() throws IOException {
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        try (HandoverBox box = new HandoverBox(folder.resolve("gate"))) {
            fileDisk(box, "disk");
            box.call("vhost_create_scsi_controller", "{'ctrlr':'host'}");
            final CompletableFuture<BenchResult> result = start(box.socket("disk"), load(false, false, 1, 8), goesOn);
            Await.until("the load runs", BOUND, () -> box.requests("disk") > 100);

            assertThatThrownBy(box::handOver)
                    .isInstanceOf(RpcError.class)
                    .hasMessageContaining("controller 'host' is a vhost-user-scsi one");

            final long before = box.requests("disk");
            Await.until("the load goes on", BOUND, () -> box.requests("disk") > before + 100);
            box.call("vhost_delete_controller", "{'ctrlr':'host'}");
            goesOn.set(false);
            assertThat(result.join().verified()).isTrue();
            box.handOver();
        }
    }

    @Test
    void refusesToHandOverWhatLivesInItsMemoryAndServesOn() {
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        try (HandoverBox box = new HandoverBox(folder.resolve("gate"))) {
            box.call("bdev_malloc_create", "{'name':'ram','num_blocks':32768,'block_size':512}");
            box.call("vhost_create_blk_controller", "{'ctrlr':'ram','dev_name':'ram'}");
            final CompletableFuture<BenchResult> result = start(box.socket("ram"), load(false, false, 1, 8), goesOn);
            Await.until("the load runs", BOUND, () -> box.requests("ram") > 100);

            assertThatThrownBy(box::handOver)
                    .isInstanceOf(RpcError.class)
                    .hasMessageContaining("lives in the memory of this process");

            final long before = box.requests("ram");
            Await.until("the load goes on", BOUND, () -> box.requests("ram") > before + 100);
            box.call("bdev_malloc_create", "{'name':'more','num_blocks':32768,'block_size':512}");
            goesOn.set(false);
            assertThat(result.join().verified()).isTrue();
        }
    }
}
