package io.basalt.bench.virtqueue;

import io.basalt.linux.process.CpuAffinity;
import io.basalt.linux.process.CpuClock;
import io.basalt.virtio.blk.BlkQueueCounters.Kind;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// The Java side of the virtqueue comparison: what `vqbaseline.c` does, on the gate's own classes, with the same
/// arguments and the same output.
///
/// ```
/// VirtqueuePath null|ram ROUNDS CPU [mixed]
/// ```
///
/// `mixed` runs every ring layout on every volume before measuring, so that the compiled code has seen what the
/// code of a gate with many kinds of disk has seen. To be run with `-Xbatch`: then the warm-up, which is a number
/// of requests and not a time, ends in compiled code however busy the machine is.
public final class VirtqueuePath {
    private static final int[] BATCHES = {1, 32};
    private static final int NULL_REQUESTS = 3_000_000;
    private static final int RAM_REQUESTS = 300_000;
    private static final int STEP = 1000;
    private static final int WARM_UP_STEPS = 400;

    private VirtqueuePath() {}

    public static void main(String[] arguments) {
        final List<String> words = Arrays.asList(arguments);
        if (words.size() < 3) {
            System.err.println("usage: VirtqueuePath null|ram ROUNDS CPU [mixed]");
            System.exit(2);
        }
        final VolumeKind volume = VolumeKind.valueOf(words.get(0).toUpperCase(Locale.ROOT));
        final int rounds = Integer.parseInt(words.get(1));
        // The compiler's threads stay where they are: off this processor if there is another.
        CpuAffinity.pin(Integer.parseInt(words.get(2)));
        if (words.contains("mixed")) {
            for (final RingKind ring : RingKind.values()) {
                warmUp(ring, VolumeKind.NULL);
                warmUp(ring, VolumeKind.RAM);
            }
        }
        try (RequestPath path = RequestPath.open(RingKind.SPLIT, volume, Path.of(""))) {
            warmUp(path);
            for (int round = 0; round < rounds; round++) {
                for (final int batch : BATCHES) {
                    System.out.printf(Locale.ROOT, "batch %d: %.2f ns/request%n", batch, measure(path, volume, batch));
                }
            }
        }
    }

    private static void warmUp(RingKind ring, VolumeKind volume) {
        try (RequestPath path = RequestPath.open(ring, volume, Path.of(""))) {
            warmUp(path);
        }
    }

    private static void warmUp(RequestPath path) {
        for (int step = 0; step < WARM_UP_STEPS; step++) {
            for (final int batch : BATCHES) {
                run(path, batch, STEP);
            }
        }
    }

    /// Nanoseconds of this thread's processor time for one request.
    static double measure(RequestPath path, VolumeKind volume, int batch) {
        final int passes = (volume == VolumeKind.RAM ? RAM_REQUESTS : NULL_REQUESTS) / batch;
        final CpuClock clock = CpuClock.ofThread();
        final long answeredBefore = path.queue().counters().operations(Kind.READ);
        final long beforeNs = clock.nowNs();
        run(path, batch, passes);
        final long elapsedNs = clock.nowNs() - beforeNs;
        final long answered = path.queue().counters().operations(Kind.READ) - answeredBefore;
        if (answered != (long) passes * batch || path.queue().counters().errors() != 0) {
            throw new IllegalStateException(answered + " requests were answered of " + (long) passes * batch + ", "
                    + path.queue().counters().errors() + " of them with an error");
        }
        return (double) elapsedNs / answered;
    }

    private static void run(RequestPath path, int batch, int passes) {
        for (int pass = 0; pass < passes; pass++) {
            path.pollOnce(batch);
        }
    }
}
