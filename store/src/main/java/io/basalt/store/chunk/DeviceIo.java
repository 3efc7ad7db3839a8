package io.basalt.store.chunk;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import org.jspecify.annotations.Nullable;

/// One operation on the device, preallocated by the part of the store that needs it.
final class DeviceIo extends BlockRequest {
    /// Who is told of an operation's end.
    interface Owner {
        /// The operation has ended.
        ///
        /// @param status never PENDING
        void ioDone(DeviceIo io, BlockStatus status);
    }

    private final Device device;
    final Owner owner;

    /// The owner's number for it.
    final int tag;

    /// Link and result while it waits to be delivered.
    @Nullable
    DeviceIo next;

    BlockStatus early = BlockStatus.OK;

    DeviceIo(Device device, Owner owner, int tag, int entryCapacity) {
        super(entryCapacity);
        this.device = device;
        this.owner = owner;
        this.tag = tag;
    }

    /// Set a read or write of the data vector, which is filled afterwards or before.
    DeviceIo range(boolean write, long offset, long length) {
        durable(write && device.durability() == Durability.FUA);
        prepare(write ? BlockOperation.WRITE : BlockOperation.READ, offset, length, false);
        return this;
    }

    /// Set a read or write of one stretch of the store's own memory.
    DeviceIo range(boolean write, long offset, RegionTable table, int region, long regionOffset, int length) {
        data().reset(table);
        data().add(region, regionOffset, length);
        return range(write, offset, length);
    }

    DeviceIo flush() {
        prepare(BlockOperation.FLUSH, 0, 0, false);
        return this;
    }

    DeviceIo zero(long offset, long length) {
        prepare(BlockOperation.WRITE_ZEROES, offset, length, false);
        return this;
    }

    @Override
    public void completed(BlockStatus status) {
        device.ended(this, status);
    }
}
