package io.basalt.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.basalt.bench.virtqueue.RequestPath;
import io.basalt.bench.virtqueue.RingKind;
import io.basalt.bench.virtqueue.VirtqueueRatio;
import io.basalt.bench.virtqueue.VolumeKind;
import io.basalt.testkit.AllocationProbe;
import io.basalt.virtio.blk.BlkQueueCounters.Kind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The two promises of speed that any machine can check: a request allocates nothing, and costs no multiple of what
/// it costs in C.
class SpeedRegressionTest {
    private static final int BATCH = 32;
    private static final int PASSES = 2_000;
    /// The compiler removes the last allocations, and on a busy machine it comes late.
    private static final long WARM_UP_LIMIT_NS = 20_000_000_000L;

    /// Gross: a lost inlining or an allocation doubles the cost, a noisy neighbour moves both sides.
    private static final double RATIO_MAX = 4.0;

    @TempDir
    private Path folder = Path.of("");

    @ParameterizedTest
    @EnumSource
    void allocatesNothingForARequestThroughReactorQueueAndVolume(VolumeKind volume) throws IOException {
        for (final RingKind ring : RingKind.values()) {
            try (RequestPath path = RequestPath.open(ring, volume, disk())) {
                final int batch = volume == VolumeKind.FILE ? 1 : BATCH;
                assertThat(steadyAllocation(path, batch))
                        .as("bytes allocated by " + PASSES * batch + " requests on " + volume + ", " + ring)
                        .isZero();
                assertThat(path.queue().counters().operations(Kind.READ)).isGreaterThanOrEqualTo((long) PASSES * batch);
                assertThat(path.queue().counters().errors()).isZero();
            }
        }
    }

    private static long steadyAllocation(RequestPath path, int batch) {
        final long endNs = System.nanoTime() + WARM_UP_LIMIT_NS;
        long bytes;
        do {
            bytes = AllocationProbe.bytesAllocated(PASSES, PASSES, () -> path.passUntilAnswered(batch));
        } while (bytes > 0 && System.nanoTime() - endNs < 0);
        return bytes;
    }

    private Path disk() throws IOException {
        final Path disk = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(VolumeKind.SIZE_BYTES);
        }
        return disk;
    }

    @Test
    void costsNoMultipleOfTheSameWorkInC() throws IOException, InterruptedException {
        assumeTrue(hasCompiler(), "gcc is not installed: the C baseline cannot be built");
        final Path program = folder.resolve("vqbaseline");
        VirtqueueRatio.compile(Path.of("src", "main", "c", "vqbaseline.c"), program);
        assertThat(VirtqueueRatio.ratio(program, VolumeKind.NULL, BATCH, 2))
                .as("cost of a request in Java / in C, batch " + BATCH)
                .isLessThanOrEqualTo(RATIO_MAX);
    }

    private static boolean hasCompiler() throws InterruptedException {
        try {
            Command.run(List.of("gcc", "--version"));
            return Files.exists(Path.of("src", "main", "c", "vqbaseline.c"));
        } catch (IOException missing) {
            return false;
        }
    }
}
