package io.basalt.chunk;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/// A volume of which is known how many requests it is doing, so that a clock that is moved by hand can wait for a disk
/// that is not. One channel at a time.
final class CountedVolume implements Volume {
    private final Volume base;
    private @Nullable VolumeChannel channel;

    CountedVolume(Volume base) {
        this.base = base;
    }

    /// Requests submitted and not completed.
    int inFlight() {
        return channel == null ? 0 : channel.inFlight();
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        final VolumeChannel opened = base.openChannel(reactor);
        channel = opened;
        return opened;
    }

    @Override
    public String name() {
        return base.name();
    }

    @Override
    public String productName() {
        return base.productName();
    }

    @Override
    public int blockSize() {
        return base.blockSize();
    }

    @Override
    public long sizeBytes() {
        return base.sizeBytes();
    }

    @Override
    public boolean readOnly() {
        return base.readOnly();
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return base.supports(operation);
    }

    @Override
    public void close() {
        base.close();
    }
}
