package io.basalt.nbd;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.ExtentVisitor;
import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/// A volume in an array, whose requests wait until the test has them done, in whatever order. It keeps
/// account of what a flush has made durable.
final class HandVolume implements Volume, VolumeChannel {
    private static final List<BlockStatus> STATUSES = List.of(BlockStatus.values());

    final byte[] content;
    private final int blockSize;
    final byte[] durable;
    final List<BlockRequest> waiting = new ArrayList<>();
    boolean readOnly;
    boolean discards = true;
    boolean fast = true;
    boolean immediate;
    int hurried;
    private ToIntFunction<BlockRequest> failure = _ -> 0;

    HandVolume(int sizeBytes, int blockSize) {
        content = new byte[sizeBytes];
        durable = new byte[sizeBytes];
        this.blockSize = blockSize;
    }

    /// Have requests fail.
    ///
    /// @param rule code of the status for each request
    void failing(ToIntFunction<BlockRequest> rule) {
        failure = rule;
    }

    @Override
    public BlockStatus submit(BlockRequest request) {
        if (immediate) {
            return execute(request);
        }
        waiting.add(request);
        return BlockStatus.PENDING;
    }

    /// Do one of the requests that wait.
    void complete(int index) {
        final BlockRequest request = waiting.remove(index);
        request.completed(execute(request));
    }

    void completeAll() {
        while (!waiting.isEmpty()) {
            complete(0);
        }
    }

    private BlockStatus execute(BlockRequest request) {
        final BlockStatus status = STATUSES.get(failure.applyAsInt(request));
        if (status != BlockStatus.OK) {
            return status;
        }
        final int offset = (int) request.offset();
        final int length = (int) request.length();
        final IoVector data = request.data();
        switch (request.operation()) {
            case READ ->
                MemorySegment.copy(content, offset, data.segment(0), ValueLayout.JAVA_BYTE, data.offset(0), length);
            case WRITE -> {
                MemorySegment.copy(data.segment(0), ValueLayout.JAVA_BYTE, data.offset(0), content, offset, length);
                if (request.durable()) {
                    System.arraycopy(content, offset, durable, offset, length);
                }
            }
            case FLUSH -> System.arraycopy(content, 0, durable, 0, content.length);
            case DISCARD, WRITE_ZEROES -> Arrays.fill(content, offset, offset + length, (byte) 0);
        }
        return BlockStatus.OK;
    }

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) {
        long at = offset;
        final long end = offset + length;
        while (at < end) {
            final boolean hole = isZero(at);
            long next = at + blockSize;
            while (next < end && isZero(next) == hole) {
                next += blockSize;
            }
            if (!visitor.extent(next - at, hole)) {
                return;
            }
            at = next;
        }
    }

    private boolean isZero(long block) {
        for (int i = 0; i < blockSize; i++) {
            if (content[(int) block + i] != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void hurry(boolean wanted) {
        hurried++;
    }

    @Override
    public String name() {
        return "hand";
    }

    @Override
    public String productName() {
        return "Hand disk";
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return content.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return operation != BlockOperation.DISCARD || discards;
    }

    @Override
    public boolean zeroesFast(boolean mayUnmap) {
        return fast;
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return this;
    }

    @Override
    public void useMemory(RegionTable table) {}

    @Override
    public void releaseMemory(RegionTable table) {}

    @Override
    public int inFlight() {
        return waiting.size();
    }

    @Override
    public void close() {}
}
