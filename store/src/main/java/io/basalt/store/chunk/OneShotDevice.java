package io.basalt.store.chunk;

import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Poller;
import io.basalt.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/// A device for the time of one job, such as formatting, opening or checking, with its own poller and memory.
final class OneShotDevice implements Poller {
    private final Reactor reactor;
    private final Memory memory;
    private final VolumeChannel channel;
    private final Device device;
    private @Nullable Runnable later;

    OneShotDevice(Volume volume, Reactor reactor, Durability durability, Memory memory) {
        this.reactor = reactor;
        this.memory = memory;
        channel = volume.openChannel(reactor);
        device = new Device(channel, durability, new StoreCounters());
        device.useMemory(memory.table());
        reactor.addPoller(this);
    }

    Device device() {
        return device;
    }

    /// Run something in the next pass.
    void later(Runnable action) {
        later = action;
    }

    /// Let go: channel, poller and memory. Nothing is in flight.
    void close() {
        reactor.removePoller(this);
        device.releaseMemory(memory.table());
        device.close();
    }

    @Override
    public int poll(long nowNs) {
        final Runnable action = later;
        if (action != null) {
            later = null;
            action.run();
            return 1;
        }
        return device.poll();
    }

    @Override
    public boolean arm() {
        return later == null && !device.hasEarly();
    }

    @Override
    public void disarm() {}
}
