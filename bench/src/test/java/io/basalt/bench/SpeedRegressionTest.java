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
    /// Gross: a lost inlining or an allocation doubles the cost, a noisy neighbour moves both sides.
    private static final double RATIO_MAX = 4.0;

    /// A neighbour may be noisy during one of the two; a request that is dear is so every time.
    private static final int ATTEMPTS = 5;

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
        return AllocationProbe.bytesAllocated(PASSES, PASSES, () -> path.passUntilAnswered(batch));
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
        double least = Double.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && least > RATIO_MAX; attempt++) {
            least = Math.min(least, VirtqueueRatio.ratio(program, VolumeKind.NULL, BATCH, 2));
        }
        assertThat(least).as("cost of a request in Java / in C, batch " + BATCH).isLessThanOrEqualTo(RATIO_MAX);
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
