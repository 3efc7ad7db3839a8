package io.basalt.bench.jmh;

import io.basalt.bench.virtqueue.RequestPath;
import io.basalt.bench.virtqueue.RingKind;
import io.basalt.bench.virtqueue.VolumeKind;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// One request through a virtqueue, from the available to the used ring, for each layout, volume and batch.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"-ea", "--enable-native-access=ALL-UNNAMED", "-XX:+UseZGC", "-XX:FreqInlineSize=800"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class VirtqueueBenchmark {
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
