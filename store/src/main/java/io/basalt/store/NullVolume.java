package io.basalt.store;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;

/// A volume without a device: every request that is in range completes at once. Measures the front end alone.
///
/// Writes are dropped. Reads answer OK and **leave the data buffers untouched** (SPDK's null device does the
/// same): what the guest sees is what its own memory held before, never another's data. Do not put anything on
/// it.
public final class NullVolume implements ResizableVolume {
    private final String name;
    private final int blockSize;
    private volatile long sizeBytes;

    /// @param name what operators know it by
    /// @param sizeBytes whole blocks
    /// @param blockSize 512 or 4096
    /// @throws VolumeException if a parameter breaks a rule
    public NullVolume(String name, long sizeBytes, int blockSize) {
        this.name = VolumeRules.requireName(name);
        this.blockSize = VolumeRules.requireBlockSize(blockSize);
        this.sizeBytes = VolumeRules.requireSize(sizeBytes, blockSize);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String productName() {
        return "Null disk";
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public boolean readOnly() {
        return false;
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return true;
    }

    @Override
    public void resize(long newSizeBytes) {
        VolumeRules.requireGrowth(sizeBytes, newSizeBytes, blockSize);
        sizeBytes = newSizeBytes;
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return new Channel();
    }

    @Override
    public void close() {}

    private final class Channel implements VolumeChannel {
        @Override
        public BlockStatus submit(BlockRequest request) {
            final NullVolume volume = NullVolume.this;
            return VolumeRules.check(request, volume.sizeBytes, volume.blockSize, false);
        }

        @Override
        public void useMemory(RegionTable table) {}

        @Override
        public void releaseMemory(RegionTable table) {}

        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
