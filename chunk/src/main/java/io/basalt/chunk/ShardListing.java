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

    private ShardListing() {}

    /// Every shard of a placement group, with its highest version.
    static NavigableMap<ShardKey, Long> of(ShardStore store, int pg, PgOfShard router) {
        final TreeMap<ShardKey, Long> shards = new TreeMap<>();
        store.forEachShard((partId, shardIndex, version, empty) -> {
            if (router.pgOf(partId, shardIndex) == pg) {
                shards.put(new ShardKey(partId, shardIndex), version);
            }
        });
        return shards;
    }

    /// Write the shards that come after one.
    ///
    /// @return how many were written, at most [#COUNT_MAX]
    static int write(NavigableMap<ShardKey, Long> shards, ShardKey after, MemorySegment to, long offset) {
        int count = 0;
        for (final Map.Entry<ShardKey, Long> each : shards.tailMap(after, false).entrySet()) {
            if (count == COUNT_MAX) {
                break;
            }
            ShardEntry.set(
                    to,
                    offset + (long) count * ShardEntry.BYTES,
                    each.getKey().partId(),
                    each.getKey().shardIndex(),
                    each.getValue());
            count++;
        }
        return count;
    }

    /// The routing rule.
    @FunctionalInterface
    interface PgOfShard {
        /// The placement group of a shard.
        int pgOf(long partId, int shardIndex);
    }
}
