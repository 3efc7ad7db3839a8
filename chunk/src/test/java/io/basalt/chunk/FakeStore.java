package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.ShardVisitor;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import org.jspecify.annotations.Nullable;

/// A store that keeps nothing, and says OK to everything when it is polled.
final class FakeStore implements ShardStore {
    private final @Nullable StoreRequest[] waiting = new @Nullable StoreRequest[64];
    private int count;

    void poll() {
        while (count > 0) {
            final StoreRequest request = waiting[--count];
            if (request != null) {
                request.completed(StoreStatus.OK);
            }
        }
    }

    @Override
    public void submit(StoreRequest request) {
        waiting[count++] = request;
    }

    @Override
    public void useMemory(RegionTable table) {}

    @Override
    public void forEachShard(ShardVisitor visitor) {}

    @Override
    public int visitShards(int from, int entryCount, ShardVisitor visitor) {
        return 0;
    }

    @Override
    public long shardDigest(long partId, int shardIndex) {
        return 0;
    }

    @Override
    public boolean isIncomplete() {
        return false;
    }

    @Override
    public void declareComplete() {}

    @Override
    public boolean declareIncomplete() {
        return true;
    }

    @Override
    public StoreCapacity capacity() {
        return new StoreCapacity(shardBytes(), 16, 1, 0, 0, 0, 0, 16, 0);
    }

    @Override
    public boolean hasFailed() {
        return false;
    }

    @Override
    public int shardBytes() {
        return 1 << 20;
    }

    @Override
    public Durability durability() {
        return Durability.PLP;
    }
}
