package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.ShardVisitor;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.store.chunk.StoreRequest;

/// What replication needs of a device's store; see [ChunkStore], which is the one there is. One owner reactor.
public interface ShardStore {
    /// See [ChunkStore#submit].
    void submit(StoreRequest request);

    /// See [ChunkStore#useMemory].
    void useMemory(RegionTable table);

    /// See [ChunkStore#forEachShard].
    void forEachShard(ShardVisitor visitor);

    /// See [ChunkStore#visitShards].
    int visitShards(int from, int entryCount, ShardVisitor visitor);

    /// See [ChunkStore#shardDigest].
    long shardDigest(long partId, int shardIndex);

    /// See [ChunkStore#isIncomplete].
    boolean isIncomplete();

    /// See [ChunkStore#declareComplete].
    void declareComplete();

    /// See [ChunkStore#declareIncomplete].
    boolean declareIncomplete();

    /// See [ChunkStore#capacity].
    StoreCapacity capacity();

    /// See [ChunkStore#hasFailed].
    boolean hasFailed();

    /// See [ChunkStore#shardBytes].
    int shardBytes();

    /// See [ChunkStore#durability].
    Durability durability();

    /// A chunk store as it is.
    static ShardStore of(ChunkStore store) {
        return new ShardStore() {
            @Override
            public void submit(StoreRequest request) {
                store.submit(request);
            }

            @Override
            public void useMemory(RegionTable table) {
                store.useMemory(table);
            }

            @Override
            public void forEachShard(ShardVisitor visitor) {
                store.forEachShard(visitor);
            }

            @Override
            public int visitShards(int from, int entryCount, ShardVisitor visitor) {
                return store.visitShards(from, entryCount, visitor);
            }

            @Override
            public long shardDigest(long partId, int shardIndex) {
                return store.shardDigest(partId, shardIndex);
            }

            @Override
            public boolean isIncomplete() {
                return store.isIncomplete();
            }

            @Override
            public void declareComplete() {
                store.declareComplete();
            }

            @Override
            public boolean declareIncomplete() {
                return store.declareIncomplete();
            }

            @Override
            public StoreCapacity capacity() {
                return store.capacity();
            }

            @Override
            public boolean hasFailed() {
                return store.hasFailed();
            }

            @Override
            public int shardBytes() {
                return store.shardBytes();
            }

            @Override
            public Durability durability() {
                return store.durability();
            }
        };
    }
}
