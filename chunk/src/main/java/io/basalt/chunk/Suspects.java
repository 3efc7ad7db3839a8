package io.basalt.chunk;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The shards whose blocks have to be compared, of those that the compared copies have: all but the ones of which every
/// copy has the same digest as this device.
///
/// Digests are told when a copy lists its shards, and held against those of that moment here. What is changed meanwhile
/// may look different though it is not, and is compared; what looks the same has been the same, and both get each
/// change
/// that comes. Control plane; one owner reactor.
final class Suspects {
    private final ShardStore store;
    private final int others;

    /// By shard, how many of the other copies have what is here.
    private final NavigableMap<ShardKey, Integer> shards = new TreeMap<>();

    /// @param others copies that this device's is compared with
    Suspects(ShardStore store, int others) {
        this.store = store;
        this.others = others;
    }

    /// A shard is on one of the copies.
    void add(ShardKey shard) {
        shards.putIfAbsent(shard, 0);
    }

    /// Another copy's digest of a shard; 0 if it has told none.
    void digest(ShardKey shard, long digest) {
        if (digest != 0 && digest == store.shardDigest(shard.partId(), shard.shardIndex())) {
            shards.merge(shard, 1, Integer::sum);
        }
    }

    /// Every copy has told: what is the same everywhere is suspected no longer.
    ///
    /// @return how many shards are
    int clear() {
        final int before = shards.size();
        shards.values().removeIf(same -> same == others && others > 0);
        return before - shards.size();
    }

    boolean isEmpty() {
        return shards.isEmpty();
    }

    int count() {
        return shards.size();
    }

    /// The next one; there is one.
    ShardKey first() {
        return shards.firstKey();
    }

    /// The first was compared.
    void next() {
        shards.pollFirstEntry();
    }

    void forget() {
        shards.clear();
    }

    /// For people.
    @Override
    public String toString() {
        final Map.Entry<ShardKey, Integer> first = shards.firstEntry();
        return shards.size() + (first == null ? "" : " from " + first.getKey());
    }
}
