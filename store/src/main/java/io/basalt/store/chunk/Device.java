package io.basalt.store.chunk;

import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.store.chunk.StoreCounters.Counter;
import org.jspecify.annotations.Nullable;

/// The device as the store sees it: every operation ends through its owner's `ioDone`, never from inside the call
/// that started it. One owner reactor.
final class Device {
    private final VolumeChannel channel;
    private final Durability durability;
    private final StoreCounters counters;
    private Runnable afterwards = () -> {};
    private @Nullable DeviceIo firstEarly;
    private @Nullable DeviceIo lastEarly;
    private int inFlight;
    private boolean abandoned;

    Device(VolumeChannel channel, Durability durability, StoreCounters counters) {
        this.channel = channel;
        this.durability = durability;
        this.counters = counters;
    }

    Durability durability() {
        return durability;
    }

    /// What runs after each delivery, once the owner has taken the result.
    void afterwards(Runnable action) {
        afterwards = action;
    }

    void submit(DeviceIo io) {
        inFlight++;
        final BlockStatus status = channel.submit(io);
        if (status != BlockStatus.PENDING) {
            postpone(io, status);
        }
    }

    /// Deliver what ended inside [#submit].
    ///
    /// @return operations delivered
    int poll() {
        int delivered = 0;
        DeviceIo io = firstEarly;
        firstEarly = null;
        lastEarly = null;
        while (io != null) {
            final DeviceIo following = io.next;
            io.next = null;
            ended(io, io.early);
            delivered++;
            io = following;
        }
        return delivered;
    }

    boolean hasEarly() {
        return firstEarly != null;
    }

    int inFlight() {
        return inFlight;
    }

    void useMemory(RegionTable table) {
        channel.useMemory(table);
    }

    void releaseMemory(RegionTable table) {
        channel.releaseMemory(table);
    }

    /// Forget everything: no owner is told of anything any more.
    void abandon() {
        abandoned = true;
        firstEarly = null;
        lastEarly = null;
    }

    void close() {
        assert inFlight == 0;
        channel.close();
    }

    void ended(DeviceIo io, BlockStatus status) {
        inFlight--;
        if (abandoned) {
            return;
        }
        if (status != BlockStatus.OK) {
            counters.count(Counter.DEVICE_ERRORS);
        }
        io.owner.ioDone(io, status);
        afterwards.run();
    }

    private void postpone(DeviceIo io, BlockStatus status) {
        io.early = status;
        if (lastEarly == null) {
            firstEarly = io;
        } else {
            lastEarly.next = io;
        }
        lastEarly = io;
    }
}
