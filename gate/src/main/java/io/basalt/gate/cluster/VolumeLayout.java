package io.basalt.gate.cluster;

import io.basalt.placement.ShardRouter;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;

/// What a volume's record says, as requests need it: which attachment this is, and which part holds which bytes.
/// Immutable; any thread. Look-ups allocate nothing.
public final class VolumeLayout {
    private static final long GIB = 1L << 30;
    private static final long WEIGHT_MIN = 40;
    private static final long WEIGHT_MAX = 800;

    private final VolumeRecord record;
    private final int shardBytes;
    private final long[] starts;
    private final long[] partIds;
    private final int[] setIds;

    /// @throws IllegalArgumentException saying what about the record cannot be
    public VolumeLayout(VolumeRecord record) {
        this.record = record;
        shardBytes = record.shardBytes();
        require(ShardRouter.validShardBytes(shardBytes), "shard size is " + shardBytes);
        require(record.blockBytes() == 512 || record.blockBytes() == 4096, "block size is " + record.blockBytes());
        require(record.generation() > 0, "generation is " + record.generation());
        final List<PartRecord> parts = record.parts();
        starts = new long[parts.size()];
        partIds = new long[parts.size()];
        setIds = new int[parts.size()];
        long end = 0;
        for (int index = 0; index < starts.length; index++) {
            final PartRecord part = parts.get(index);
            require(part.offsetBytes() == end, "part " + index + " begins at " + part.offsetBytes() + ", not " + end);
            require(end % shardBytes == 0, "part " + index + " begins within a shard");
            require(part.partId() > 0 && part.lengthBytes() > 0, "part " + index + " is empty or has no id");
            require(part.lengthBytes() / shardBytes < Integer.MAX_VALUE, "part " + index + " has too many shards");
            starts[index] = end;
            partIds[index] = part.partId();
            setIds[index] = part.setId();
            end += part.lengthBytes();
        }
        require(end >= record.sizeBytes(), "parts end at " + end + ", before the volume's " + record.sizeBytes());
        require(
                record.sizeBytes() > 0 && record.sizeBytes() % record.blockBytes() == 0,
                "size " + record.sizeBytes() + " is not in whole blocks");
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalArgumentException("the volume's record cannot be: " + what);
        }
    }

    /// What it was made from.
    public VolumeRecord record() {
        return record;
    }

    /// Number of the volume.
    public long volumeId() {
        return record.volumeId();
    }

    /// Number of the attachment.
    public int generation() {
        return record.generation();
    }

    /// Bytes of the volume.
    public long sizeBytes() {
        return record.sizeBytes();
    }

    /// What part the volume gets of a device that has not enough for all, in proportion to others.
    /// It grows with the size as the limits of class `ssd` do: a thirtieth of 1200 and 30 for each GiB,
    /// up to 24000.
    public int weight() {
        return (int) Math.min(WEIGHT_MIN + record.sizeBytes() / GIB, WEIGHT_MAX);
    }

    /// Bytes of a shard.
    public int shardBytes() {
        return shardBytes;
    }

    /// How many parts there are.
    public int partCount() {
        return starts.length;
    }

    /// The part that holds an offset of the volume.
    public int partAt(long offset) {
        int part = starts.length - 1;
        while (starts[part] > offset) {
            part--;
        }
        return part;
    }

    /// Where a part begins in the volume.
    public long start(int part) {
        return starts[part];
    }

    /// Number of a part.
    public long partId(int part) {
        return partIds[part];
    }

    /// The set that keeps a part.
    public int setId(int part) {
        return setIds[part];
    }
}
