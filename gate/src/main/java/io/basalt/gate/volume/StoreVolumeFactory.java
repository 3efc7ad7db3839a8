package io.basalt.gate.volume;

import io.basalt.block.Volume;
import io.basalt.gate.cluster.ClusterClient;
import io.basalt.store.NullVolume;
import io.basalt.store.RamVolume;
import io.basalt.store.VolumeException;
import io.basalt.store.fault.DelayOptions;
import io.basalt.store.fault.DelayVolume;
import io.basalt.store.fault.ErrorVolume;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The factory of the gate's real volumes: this host's memory, files and devices, and the cluster's volumes.
public final class StoreVolumeFactory implements VolumeFactory {
    private static final long ORDINARY_PAGES = 0;
    private static final long US_NS = 1000;
    private static final long MS_NS = 1_000_000;

    private final @Nullable ClusterClient cluster;
    private final Map<String, Integer> inherited = new HashMap<>();

    /// A factory for a gate that belongs to no cluster.
    public StoreVolumeFactory() {
        this(null);
    }

    /// @param cluster attaches the cluster's volumes; null if the gate belongs to none
    public StoreVolumeFactory(@Nullable ClusterClient cluster) {
        this.cluster = cluster;
    }

    /// Volumes of these names take these open files, each once, instead of opening their paths.
    ///
    /// @param files descriptors by the volumes' names, owned from now on
    public void inherit(Map<String, Integer> files) {
        inherited.putAll(files);
    }

    @Override
    public Volume open(VolumeSpec spec, @Nullable Volume base) {
        return switch (spec) {
            case VolumeSpec.Null wanted ->
                new NullVolume(wanted.name(), bytes(wanted.blockCount(), wanted.blockSize()), wanted.blockSize());
            case VolumeSpec.Malloc wanted ->
                new RamVolume(
                        wanted.name(),
                        bytes(wanted.blockCount(), wanted.blockSize()),
                        wanted.blockSize(),
                        ORDINARY_PAGES);
            case VolumeSpec.File wanted ->
                FileVolume.open(FileOptions.of(wanted.name(), Path.of(wanted.filename()))
                        .withBlockSize(wanted.blockSize())
                        .withReadOnly(wanted.readOnly())
                        .withProductName(wanted.kind() == VolumeSpec.Kind.AIO ? "AIO disk" : "URING bdev")
                        .withOpenFile(openFile(wanted.name())));
            case VolumeSpec.Basalt wanted ->
                present(cluster)
                        .open(
                                wanted.name(),
                                wanted.volume(),
                                wanted.blockSize(),
                                bytes(wanted.blockCount(), wanted.blockSize()),
                                wanted.ioTimeoutMs() * MS_NS,
                                wanted.incoming());
            case VolumeSpec.Failing wanted -> new ErrorVolume(wanted.name(), present(base));
            case VolumeSpec.Delay wanted -> new DelayVolume(wanted.name(), present(base), delays(wanted));
        };
    }

    private int openFile(String name) {
        final Integer fd = inherited.remove(name);
        return fd == null ? -1 : fd;
    }

    private static long bytes(long blockCount, int blockSize) {
        try {
            return Math.multiplyExact(blockCount, blockSize);
        } catch (ArithmeticException e) {
            throw new VolumeException(
                    VolumeException.Kind.INVALID, "num_blocks", blockCount + " blocks overflow", "choose fewer");
        }
    }

    private static ClusterClient present(@Nullable ClusterClient cluster) {
        if (cluster == null) {
            throw new VolumeException(
                    VolumeException.Kind.UNSUPPORTED,
                    "volume",
                    "this gate belongs to no cluster",
                    "start it with the addresses of a metaserver and the cluster's key");
        }
        return cluster;
    }

    private static Volume present(@Nullable Volume base) {
        if (base == null) {
            throw new IllegalArgumentException("a volume that is built on another needs it");
        }
        return base;
    }

    /// Delays lie between the average and the 99th percentile asked for, evenly.
    private static DelayOptions delays(VolumeSpec.Delay wanted) {
        final long jitterUs =
                Math.max(wanted.p99ReadUs() - wanted.averageReadUs(), wanted.p99WriteUs() - wanted.averageWriteUs());
        return new DelayOptions(
                wanted.averageReadUs() * US_NS,
                wanted.averageWriteUs() * US_NS,
                jitterUs * US_NS,
                wanted.name().hashCode());
    }
}
