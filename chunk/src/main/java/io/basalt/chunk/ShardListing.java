package io.basalt.chunk;

import io.basalt.wire.data.ShardEntry;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The shards of each placement group that a device has, for comparisons. A device knows its shards in no order, so a
/// listing is a walk through all of them; when a node is gone, many groups are compared at once. So one walk lists for
/// all groups what was changed since their copies were the same, which is little, and each listing is used until
/// something of its group is changed here. Control plane; one owner reactor.
final class ShardListing {
    /// Most shards of one answer to COPY_SHARDS.
    static final int COUNT_MAX = 512;

    private final ChunkDevice device;
    private @Nullable Listing[] listings = new @Nullable Listing[0];
    private long walks;

    /// What is listed of a shard.
    ///
    /// @param version the highest of any change
    /// @param tombstone whether there is no content, only versions
    record Listed(long version, boolean tombstone) {}

    /// One group's.
    ///
    /// @param from the lowest version that is listed
    /// @param changes how many changes of the group had begun and ended here
    private record Listing(long from, long changes, TreeMap<ShardKey, Listed> shards) {}

    ShardListing(ChunkDevice device) {
        this.device = device;
    }

    /// How often all shards were walked through.
    long walks() {
        return walks;
    }

    /// Every shard of a placement group that was changed at or after a version, perhaps others too, tombstones
    /// included,
    /// with its highest version. What is to be freed because its volume was deleted is left out: no other copy
    /// shall
    /// get it again.
    NavigableMap<ShardKey, Listed> of(PgReplica replica, long from) {
        final Listing known = replica.pg() < listings.length ? listings[replica.pg()] : null;
        if (known == null || known.from > from || known.changes != replica.changes()) {
            walk(replica, from);
        }
        final Listing listing = listings[replica.pg()];
        return listing == null ? Collections.emptyNavigableMap() : listing.shards;
    }

    private void walk(PgReplica asks, long from) {
        walks++;
        listings = new @Nullable Listing[device.pgCount()];
        for (int pg = 0; pg < listings.length; pg++) {
            final PgReplica replica = device.replicaOf(pg);
            if (replica != null && (pg == asks.pg() || replica.commonBelow() > 0)) {
                final long lowest = pg == asks.pg() ? from : replica.commonBelow();
                listings[pg] = new Listing(lowest, replica.changes(), new TreeMap<>());
            }
        }
        device.store().forEachShard((partId, shardIndex, version, tombstone) -> {
            final Listing listing = listings[device.pgOf(partId, shardIndex)];
            if (listing != null && version >= listing.from && !device.sweep().isDeleted(partId)) {
                listing.shards.put(new ShardKey(partId, shardIndex), new Listed(version, tombstone));
            }
        });
    }

    /// Write the shards that come after one.
    ///
    /// @param digests whether with digests, as they are now
    /// @return how many were written, at most [#COUNT_MAX]
    int write(NavigableMap<ShardKey, Listed> shards, ShardKey after, boolean digests, MemorySegment to, long offset) {
        final int bytes = digests ? ShardEntry.DIGEST_BYTES : ShardEntry.BYTES;
        int count = 0;
        for (final Map.Entry<ShardKey, Listed> each :
                shards.tailMap(after, false).entrySet()) {
            if (count == COUNT_MAX) {
                break;
            }
            final ShardKey key = each.getKey();
            final long at = offset + (long) count * bytes;
            ShardEntry.set(
                    to,
                    at,
                    key.partId(),
                    key.shardIndex(),
                    each.getValue().version(),
                    each.getValue().tombstone() ? ShardEntry.TOMBSTONE : 0);
            if (digests) {
                ShardEntry.digest(to, at, device.store().shardDigest(key.partId(), key.shardIndex()));
            }
            count++;
        }
        return count;
    }
}
