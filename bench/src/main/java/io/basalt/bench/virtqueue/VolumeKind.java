package io.basalt.bench.virtqueue;

import io.basalt.block.Volume;
import io.basalt.store.NullVolume;
import io.basalt.store.RamVolume;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import java.nio.file.Path;
import java.util.Locale;

/// What the requests are executed on.
public enum VolumeKind {
    /// No device: the cost of the front end alone.
    NULL,
    /// Memory: the same and a copy.
    RAM,
    /// A file over io_uring.
    FILE;

    /// Bytes of the volumes that are made here; the C baseline has the same.
    public static final long SIZE_BYTES = 64L << 20;

    private static final int BLOCK_SIZE = 512;

    /// Open a volume.
    ///
    /// @param file an existing file of [#SIZE_BYTES]; looked at by [#FILE] only
    public Volume open(Path file) {
        return switch (this) {
            case NULL -> new NullVolume("bench-null", SIZE_BYTES, BLOCK_SIZE);
            case RAM -> new RamVolume("bench-ram", SIZE_BYTES, BLOCK_SIZE, 0);
            case FILE -> FileVolume.open(FileOptions.of("bench-file", file).withBlockSize(BLOCK_SIZE));
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
