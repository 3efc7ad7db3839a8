package io.basalt.meta;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.VolumeRecord;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Ten thousand volumes of 300 GiB, created over REST and attached over the node protocol at the same time.
class ManyVolumesTest {
    private static final int COUNT = 10_000;
    private static final int CREATORS = 64;
    private static final long BOUND_S = 900;

    @TempDir
    private Path folder;

    @Test
    void tenThousandVolumesAreCreatedAndAttachedConcurrently() throws Exception {
        try (ClusterFixture cluster = new ClusterFixture(folder, 0)) {
            cluster.startNodes();
            final long heapBefore = usedHeap();
            final long logBefore = logBytes();
            final CountDownLatch granted = new CountDownLatch(COUNT);
            final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();
            final long startNs = System.nanoTime();
            final long createdNs;
            try (ExecutorService creators = Executors.newFixedThreadPool(CREATORS)) {
                final List<Future<?>> all = new ArrayList<>();
                for (int creator = 0; creator < CREATORS; creator++) {
                    final int first = creator;
                    all.add(creators.submit(() -> create(cluster, first, granted, refusals)));
                }
                for (final Future<?> each : all) {
                    each.get(BOUND_S, TimeUnit.SECONDS);
                }
                createdNs = System.nanoTime() - startNs;
            }
            assertThat(granted.await(BOUND_S, TimeUnit.SECONDS)).isTrue();
            final long attachedNs = System.nanoTime() - startNs;
            assertThat(refusals).isEmpty();
            assertThat(cluster.get("/v1/status").body()).contains("\"attached\" : " + COUNT);
            final long heap = usedHeap() - heapBefore;
            final long log = logBytes() - logBefore;
            System.out.printf(
                    "%d volumes of 300 GiB: created after %.1f s, all attached after %.1f s; %d bytes of log and about "
                            + "%d bytes of heap per volume%n",
                    COUNT, createdNs / 1e9, attachedNs / 1e9, log / COUNT, heap / COUNT);
            assertThat(log / COUNT).isLessThan(400);
            assertThat(heap / COUNT).isLessThan(4096);
            cluster.restartServer();
            assertThat(cluster.get("/v1/status").body()).contains("\"attached\" : " + COUNT);
        }
    }

    private static void create(
            ClusterFixture cluster, int first, CountDownLatch granted, ConcurrentLinkedQueue<String> refusals) {
        for (int number = first; number < COUNT; number += CREATORS) {
            final String name = "volume-" + number;
            final HttpRequest request = cluster.request("/v1/volumes")
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(
                            "{\"name\":\"" + name + "\",\"sizeBytes\":" + (300L << 30) + "}"))
                    .build();
            final var response = cluster.send(request);
            if (response.statusCode() != 201) {
                refusals.add(response.body());
            }
            cluster.reactor()
                    .post(() -> cluster.gate().attach(name, false, new MetaReply<>() {
                        @Override
                        public void done(VolumeRecord volume) {
                            granted.countDown();
                        }

                        @Override
                        public void refused(MetaCode code, String reason) {
                            refusals.add(code + " " + reason);
                            granted.countDown();
                        }
                    }));
        }
    }

    private long logBytes() throws IOException {
        try (var files = Files.list(folder.resolve("log"))) {
            long bytes = 0;
            for (final Path file : files.toList()) {
                bytes += Files.size(file);
            }
            return bytes;
        }
    }

    private static long usedHeap() {
        for (int round = 0; round < 3; round++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
