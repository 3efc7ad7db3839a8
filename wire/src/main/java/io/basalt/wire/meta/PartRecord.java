package io.basalt.wire.meta;

/// A piece of a volume, placed in one set.
///
/// @param partId unique in the cluster for ever: the first half of a shard's key
/// @param setId the set that keeps it
/// @param offsetBytes where it begins in the volume; a multiple of the shard size
/// @param lengthBytes how long it is; a multiple of the shard size unless it is the last
public record PartRecord(long partId, int setId, long offsetBytes, long lengthBytes) {
    static final int BYTES = 8 + 4 + 8 + 8;

    void write(FieldWriter writer) {
        writer.putLong(partId).putInt(setId).putLong(offsetBytes).putLong(lengthBytes);
    }

    static PartRecord read(FieldReader reader) {
        return new PartRecord(
                reader.takeLong("part id", 1, Long.MAX_VALUE),
                reader.takeInt("set id", 1, Integer.MAX_VALUE),
                reader.takeLong("part offset", 0, Limits.VOLUME_BYTES_MAX),
                reader.takeLong("part length", 0, Limits.VOLUME_BYTES_MAX));
    }
}
