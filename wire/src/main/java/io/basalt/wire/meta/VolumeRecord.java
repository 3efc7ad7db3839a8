package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;

/// All that the cluster keeps about a volume, whatever its size: where a byte of it lies is computed from this and
/// the map.
///
/// @param volumeId 1 and up, never used again
/// @param name unique at any time, 1 to [Limits#NAME_LENGTH_MAX] characters
/// @param sizeBytes a multiple of the block size
/// @param shardBytes a power of two, [Limits#SHARD_BYTES_MIN] to [Limits#SHARD_BYTES_MAX]
/// @param blockBytes 4096 or 512: the logical block that guests see
/// @param volumeClass quality of service class, such as `ssd`
/// @param createdMs when, milliseconds since 1970, for people
/// @param generation of the newest attachment; 0 if it was never attached
/// @param gateNodeId the gate that serves it; 0 if none does
/// @param gateInstance the process of that gate; 0 if none does
/// @param parts its pieces, in order, without gaps
public record VolumeRecord(
        long volumeId,
        String name,
        long sizeBytes,
        int shardBytes,
        int blockBytes,
        String volumeClass,
        long createdMs,
        int generation,
        int gateNodeId,
        long gateInstance,
        List<PartRecord> parts) {
    public VolumeRecord {
        parts = List.copyOf(parts);
    }

    /// Whether a gate serves it.
    public boolean attached() {
        return gateNodeId != 0;
    }

    /// The volume as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin();
        write(writer);
        return writer.toByteArray();
    }

    /// The volume in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static VolumeRecord of(FieldReader content) {
        final VolumeRecord volume = read(MetaMessage.begin(content));
        content.requireEnd("volume");
        return volume;
    }

    /// Append the volume.
    public void write(FieldWriter writer) {
        writer.putLong(volumeId)
                .putText(name)
                .putLong(sizeBytes)
                .putInt(shardBytes)
                .putInt(blockBytes);
        writer.putText(volumeClass).putLong(createdMs);
        writer.putInt(generation).putInt(gateNodeId).putLong(gateInstance);
        writer.putByte(parts.size());
        parts.forEach(part -> part.write(writer));
    }

    /// Read a volume.
    public static VolumeRecord read(FieldReader reader) {
        final long volumeId = reader.takeLong("volume id", 1, Long.MAX_VALUE);
        final String name = reader.takeText("volume name", Limits.NAME_LENGTH_MAX);
        final long sizeBytes = reader.takeLong("volume size", 1, Limits.VOLUME_BYTES_MAX);
        final int shardBytes = reader.takeInt("shard size", Limits.SHARD_BYTES_MIN, Limits.SHARD_BYTES_MAX);
        requirePowerOfTwo("shard size", shardBytes);
        final int blockBytes = reader.takeInt("block size", 512, 4096);
        requirePowerOfTwo("block size", blockBytes);
        final String volumeClass = reader.takeText("class", Limits.TEXT_BYTES_MAX);
        final long createdMs = reader.takeLong("created");
        final int generation = reader.takeInt("generation", 0, Integer.MAX_VALUE);
        final int gateNodeId = reader.takeInt("gate node", 0, Integer.MAX_VALUE);
        final long gateInstance = reader.takeLong("gate instance");
        final int count = reader.takeByte("parts");
        if (count < 1 || count > Limits.PARTS_MAX) {
            throw new MetaFormatException("parts is " + count + ", expected 1 to " + Limits.PARTS_MAX);
        }
        final List<PartRecord> parts = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            parts.add(PartRecord.read(reader));
        }
        return new VolumeRecord(
                volumeId,
                name,
                sizeBytes,
                shardBytes,
                blockBytes,
                volumeClass,
                createdMs,
                generation,
                gateNodeId,
                gateInstance,
                parts);
    }

    private static void requirePowerOfTwo(String field, int value) {
        if (Integer.bitCount(value) != 1) {
            throw new MetaFormatException(field + " is " + value + ", expected a power of two");
        }
    }
}
