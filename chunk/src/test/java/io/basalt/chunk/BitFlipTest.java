package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.store.chunk.ChunkCheck;
import io.basalt.testkit.Await;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A thousand bits of one copy's file are turned over, in data, pages, log and superblock, while it is served
/// and between two lives of its process, some of which end without a word. Everything is read again and
/// again, from that copy, too. No read may be wrong, none may fail, and in the end the file is as it should be.
class BitFlipTest {
    private static final int FLIPS = Integer.getInteger("basalt.chunk.flips", 1000);
    private static final int FLIPS_AT_ONCE = 25;
    private static final int SHARDS = 16;
    private static final int SLOT_BYTES = TestCluster.SHARD + 8 * TestCluster.BLOCK;
    private static final int COPY = 2;

    @TempDir
    private Path folder;

    private final RandomGenerator random = Seeds.random(Seeds.next());
    private final int[] expected = new int[SHARDS];
    private int flips;
    private int lives;
    private int refusals;
    private int damaged;
    private int incomplete;
    private long found;
    private long repaired;
    private long reads;

    private Path file() {
        return folder.resolve("device" + COPY + ".img");
    }

    /// Turn some bits over, half of them in data.
    private void flip() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(file().toFile(), "rw")) {
            for (int i = 0; i < FLIPS_AT_ONCE; i++) {
                final int kind = random.nextInt(100);
                final long at;
                if (kind < 50) {
                    at = TestDevice.slotsOffset() + random.nextLong((long) (SHARDS + 2) * SLOT_BYTES);
                } else if (kind < 75) {
                    at = TestDevice.pagesOffset() + random.nextLong((SHARDS + 2) * 2 * 4096L);
                } else if (kind < 99) {
                    at = (128 << 10) + random.nextLong(TestDevice.pagesOffset() - (128 << 10));
                } else {
                    at = random.nextLong(4096);
                }
                file.seek(at);
                final int old = file.read();
                file.seek(at);
                file.write(old ^ 1 << random.nextInt(8));
                flips++;
            }
        }
    }

    private void readAll(TestCluster cluster, TestGate gate, int from) {
        for (int shard = 0; shard < SHARDS; shard++) {
            reads++;
            assertThat(cluster.reads(gate, from, shard, expected[shard]))
                    .as("shard %d, read from device %d after %d flips", shard, from, flips)
                    .isTrue();
        }
        reads++;
        assertThat(cluster.reads(gate, from, SHARDS + 3, 0))
                .as("what was never written")
                .isTrue();
    }

    private void fill(TestCluster cluster, TestGate gate, int shard) {
        expected[shard] = 1 + random.nextInt(255);
        cluster.fill(gate, 1, shard, expected[shard]);
    }

    private static void twoWalks(TestCluster cluster) {
        final Scrub scrub = cluster.on(COPY).device().scrub();
        scrub.rate(1 << 30, 1_000_000);
        final long walks = scrub.status().walks();
        cluster.await("two walks", () -> scrub.status().walks() >= walks + 2 && scrub.isIdle());
    }

    private void endLife(TestCluster cluster, boolean unclean) throws IOException {
        final ChunkCounters counters = cluster.on(COPY).device().counters();
        final Path image = folder.resolve("image");
        if (unclean) {
            Files.copy(file(), image, StandardCopyOption.REPLACE_EXISTING);
        }
        cluster.on(COPY).stop();
        found += counters.value(Counter.CORRUPT_FOUND);
        repaired += counters.value(Counter.REPAIRED);
        assertThat(counters.value(Counter.UNREPAIRABLE)).isZero();
        if (unclean) {
            try (RandomAccessFile file = new RandomAccessFile(file().toFile(), "rw")) {
                file.write(Files.readAllBytes(image));
            }
        }
    }

    private void beginLife(TestCluster cluster) {
        lives++;
        final TestDevice device = cluster.on(COPY);
        device.start();
        cluster.await("device to open or be refused", () -> device.isOpen() || device.refusal() != null);
        if (device.refusal() != null) {
            refusals++;
            device.kill();
            device.formatInPlace();
            device.start();
            cluster.await("device to open", device::isOpen);
        }
        for (int shard = 0; shard < SHARDS; shard++) {
            damaged += device.store().shardDamaged(TestGate.PART, shard) ? 1 : 0;
        }
        incomplete += device.store().isIncomplete() ? 1 : 0;
        cluster.await("device to be in sync", () -> cluster.isInSync(COPY));
    }

    @Test
    void everyBitThatIsTurnedOverIsFoundAndRepairedAndNoReadIsWrong() throws IOException {
        try (TestCluster cluster = new TestCluster(3, TestCluster.SETTINGS, 0, folder)) {
            final TestGate gate = cluster.gate();
            for (int shard = 0; shard < SHARDS; shard++) {
                fill(cluster, gate, shard);
            }
            while (flips < FLIPS) {
                flip();
                for (int i = 0; i < 4; i++) {
                    fill(cluster, gate, random.nextInt(SHARDS));
                }
                twoWalks(cluster);
                readAll(cluster, gate, 1);
                endLife(cluster, random.nextBoolean());
                flip();
                beginLife(cluster);
                if (random.nextBoolean()) {
                    twoWalks(cluster);
                }
                cluster.configure(List.of(2, 1, 3), List.of(2, 1, 3));
                cluster.awaitServing(COPY);
                readAll(cluster, gate, COPY);
                cluster.configure(List.of(1, 2, 3), List.of(1, 2, 3));
                cluster.awaitServing(1);
            }
            cluster.await("copy to be complete", () -> !cluster.on(COPY).store().isIncomplete());
            twoWalks(cluster);
            endLife(cluster, false);
            beginLife(cluster);
            twoWalks(cluster);
            cluster.configure(List.of(2, 1, 3), List.of(2));
            cluster.awaitServing(COPY);
            readAll(cluster, gate, COPY);
            endLife(cluster, false);
            final List<String> findings = check(cluster);
            System.out.println(flips + " bits turned over in " + lives + " lives: " + found
                    + " blocks found unreadable, "
                    + repaired + " repaired; " + damaged + " maps lost, " + incomplete + " times one of an unknown"
                    + " shard, " + refusals + " times the device was refused; " + reads + " shards read, none wrong; "
                    + "left over: " + findings);
            assertThat(found).isPositive();
            assertThat(findings).isEmpty();
        }
    }

    private static List<String> check(TestCluster cluster) {
        final List<ChunkCheck.Report> reports = new ArrayList<>();
        try (UringEngine engine = UringEngine.open(64)) {
            final Reactor reactor = new Reactor(
                    ReactorConfiguration.of("check", 0).withIdleMode(IdleMode.POLL),
                    cluster.clock()::nanoTime,
                    engine,
                    () -> true,
                    (at, source, fault) -> {
                        throw new AssertionError(at + ": " + source + " failed", fault);
                    });
            ChunkCheck.run(cluster.on(COPY).volume(), reactor, reports::add);
            Await.until("the check is over", () -> {
                for (int pass = 0; reports.isEmpty() && pass < 1000; pass++) {
                    reactor.runOnce();
                }
                return !reports.isEmpty();
            });
        }
        return reports.getFirst().findings();
    }
}
