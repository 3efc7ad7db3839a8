package io.basalt.store;

import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.TimerTask;
import org.jspecify.annotations.Nullable;

/// A RAM volume's way in on one reactor: copies at once, but zeroes long ranges a step per tick of the reactor's
/// timers, so that one discard of a whole disk does not hold up every other guest of the reactor.
final class RamChannel extends TimerTask implements VolumeChannel {
    /// Most bytes zeroed in one go.
    static final long ZERO_STEP_BYTES = 1 << 20;

    private final RamVolume volume;
    private final Reactor reactor;
    private final RequestRing longZeroes = new RequestRing();
    private long zeroedBytes;

    RamChannel(RamVolume volume, Reactor reactor) {
        this.volume = volume;
        this.reactor = reactor;
    }

    @Override
    public BlockStatus submit(BlockRequest request) {
        assert reactor.inLoop();
        final RamSpace space = volume.space();
        final BlockStatus status = VolumeRules.check(request, space.sizeBytes(), volume.blockSize(), false);
        if (status != BlockStatus.OK) {
            return status;
        }
        switch (request.operation()) {
            case READ -> space.read(request.offset(), request.data());
            case WRITE -> space.write(request.offset(), request.data());
            case FLUSH -> {}
            case DISCARD, WRITE_ZEROES -> {
                if (request.length() > ZERO_STEP_BYTES) {
                    return postpone(request);
                }
                space.zero(request.offset(), request.length());
            }
        }
        return BlockStatus.OK;
    }

    private BlockStatus postpone(BlockRequest request) {
        if (!longZeroes.offer(request)) {
            return BlockStatus.IO_ERROR;
        }
        if (longZeroes.count() == 1) {
            reactor.schedule(this, 0);
        }
        return BlockStatus.PENDING;
    }

    @Override
    protected void expired(long nowNs) {
        final @Nullable BlockRequest request = longZeroes.peek();
        if (request == null) {
            return;
        }
        final long step = Math.min(ZERO_STEP_BYTES, request.length() - zeroedBytes);
        volume.space().zero(request.offset() + zeroedBytes, step);
        zeroedBytes += step;
        final boolean done = zeroedBytes == request.length();
        if (done) {
            zeroedBytes = 0;
            longZeroes.take();
        }
        if (longZeroes.count() > 0) {
            reactor.schedule(this, 0);
        }
        if (done) {
            request.completed(BlockStatus.OK);
        }
    }

    @Override
    public void useMemory(RegionTable table) {}

    @Override
    public void releaseMemory(RegionTable table) {}

    @Override
    public int inFlight() {
        return longZeroes.count();
    }

    @Override
    public void close() {
        assert longZeroes.count() == 0;
    }
}
