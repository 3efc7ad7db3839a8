package io.basalt.chunk;

import io.basalt.wire.data.ShardEntry;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The shards of one placement group that a store has, in order. Control plane.
final class ShardListing {
    /// Most shards of one answer to COPY_SHARDS.
    static final int COUNT_MAX = 512;

    /// What is listed of a shard.
    ///
    /// @param version the highest of any change
    /// @param tombstone whether there is no content, only versions
    record Listed(long version, boolean tombstone) {}

    private ShardListing() {}

    /// Every shard of a placement group that was changed at or after a version, tombstones included, with its highest
    /// version. What is to be freed because its volume was deleted is left out: no other copy shall get it again.
    static NavigableMap<ShardKey, Listed> of(ChunkDevice device, int pg, long from) {
        final TreeMap<ShardKey, Listed> shards = new TreeMap<>();
        device.store().forEachShard((partId, shardIndex, version, tombstone) -> {
            if (version >= from
                    && device.pgOf(partId, shardIndex) == pg
                    && !device.sweep().isDeleted(partId)) {
                shards.put(new ShardKey(partId, shardIndex), new Listed(version, tombstone));
            }
        });
        return shards;
    }

    /// Write the shards that come after one.
    ///
    /// @return how many were written, at most [#COUNT_MAX]
    static int write(NavigableMap<ShardKey, Listed> shards, ShardKey after, MemorySegment to, long offset) {
        int count = 0;
        for (final Map.Entry<ShardKey, Listed> each :
                shards.tailMap(after, false).entrySet()) {
            if (count == COUNT_MAX) {
                break;
            }
            ShardEntry.set(
                    to,
                    offset + (long) count * ShardEntry.BYTES,
                    each.getKey().partId(),
                    each.getKey().shardIndex(),
                    each.getValue().version(),
                    each.getValue().tombstone() ? ShardEntry.TOMBSTONE : 0);
            count++;
        }
        return count;
    }
}
