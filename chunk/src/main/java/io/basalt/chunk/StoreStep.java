package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.chunk.schedule.Origin;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One request to the device's store on behalf of something that waits for it. Submitted through
/// [Work], which counts it.
final class StoreStep extends StoreRequest {
    /// Who waits.
    interface Owner {
        /// The store is done.
        void stored(StoreStep step, StoreStatus status);
    }

    private final Owner owner;
    private @Nullable Work work;
    private Origin origin = Origin.CLIENT;
    private long sentNs;

    StoreStep(Owner owner, int blocks) {
        super(1, blocks);
        this.owner = owner;
    }

    /// Say where the data is.
    void data(RegionTable table, int region, long offset, int length) {
        data().reset(table);
        final boolean added = data().add(region, offset, length);
        assert added;
    }

    /// Whether each of the first blocks has a version.
    boolean hasOnly(long version, int blocks) {
        for (int block = 0; block < blocks; block++) {
            if (blockVersion(block) != version) {
                return false;
            }
        }
        return true;
    }

    /// It goes to the store now.
    void countedBy(Work by, Origin from, long nowNs) {
        work = by;
        origin = from;
        sentNs = nowNs;
    }

    @Override
    public void completed(StoreStatus result) {
        final Work by = Objects.requireNonNull(work, "a step is submitted through the device's work");
        by.ended(this, origin, sentNs);
        owner.stored(this, result);
        by.goOn();
    }
}
