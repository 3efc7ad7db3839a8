package io.basalt.meta.log.local;

/// What a [LocalLog] is opened with.
///
/// @param snapshotBytes length of the log after which a snapshot is taken
/// @param batchMax most entries of one write
public record LocalLogOptions(long snapshotBytes, int batchMax) {
    /// A snapshot each 64 MiB, 1024 entries to a write.
    public static final LocalLogOptions DEFAULT = new LocalLogOptions(64 << 20, 1024);

    public LocalLogOptions {
        if (snapshotBytes < LogFormat.HEADER_BYTES) {
            throw new IllegalArgumentException(
                    "snapshotBytes is " + snapshotBytes + ", expected " + LogFormat.HEADER_BYTES + " or more");
        }
        if (batchMax < 1) {
            throw new IllegalArgumentException("batchMax is " + batchMax + ", expected 1 or more");
        }
    }
}
