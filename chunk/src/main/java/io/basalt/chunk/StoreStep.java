package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;

/// One request to the device's store on behalf of something that waits for it.
final class StoreStep extends StoreRequest {
    /// Who waits.
    interface Owner {
        /// The store is done.
        void stored(StoreStep step, StoreStatus status);
    }

    private final Owner owner;

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

    @Override
    public void completed(StoreStatus result) {
        owner.stored(this, result);
    }
}
