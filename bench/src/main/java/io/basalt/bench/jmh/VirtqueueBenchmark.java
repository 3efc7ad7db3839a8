package io.basalt.bench.jmh;

import io.basalt.bench.virtqueue.RequestPath;
import io.basalt.bench.virtqueue.RingKind;
import io.basalt.bench.virtqueue.VolumeKind;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/// One request through a virtqueue, from the available to the used ring, for each layout, volume and batch.
public class VirtqueueBenchmark extends PartBenchmark {
    private static final int BATCH = 32;

    @Param
    private RingKind ring = RingKind.SPLIT;

    @Param({"NULL", "RAM"})
    private VolumeKind volume = VolumeKind.NULL;

    private @Nullable RequestPath path;

    @Setup
    public void open() {
        path = RequestPath.open(ring, volume, Path.of(""));
    }

    @TearDown
    public void close() {
        opened().close();
    }

    @Benchmark
    public int batch1() {
        return opened().pollOnce(1);
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int batch32() {
        return opened().pollOnce(BATCH);
    }

    private RequestPath opened() {
        return Objects.requireNonNull(path);
    }
}
