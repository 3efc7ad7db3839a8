package io.basalt.gate.qos;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;

/// A volume that answers at once, and tells what came to it.
final class CountingVolume implements Volume {
    final List<BlockRequest> came = new ArrayList<>();
    boolean remembers = true;
    long count;
    long bytes;
    long sizeBytes = 1L << 30;
    BlockStatus answer = BlockStatus.OK;

    @Override
    public String name() {
        return "counting";
    }

    @Override
    public String productName() {
        return "Counting disk";
    }

    @Override
    public int blockSize() {
        return 512;
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
    public VolumeChannel openChannel(Reactor reactor) {
        return new Channel();
    }

    @Override
    public void close() {}

    private final class Channel implements VolumeChannel {
        @Override
        public BlockStatus submit(BlockRequest request) {
            count++;
            bytes += request.length();
            if (remembers) {
                came.add(request);
            }
            return answer;
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
