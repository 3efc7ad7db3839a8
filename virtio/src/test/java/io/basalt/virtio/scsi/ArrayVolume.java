package io.basalt.virtio.scsi;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A disk in an array, and its only channel. Answers at once, or when the test lets it.
final class ArrayVolume implements Volume, VolumeChannel {
    final byte[] bytes;
    private final MemorySegment content;
    private final int blockSize;
    private final List<BlockRequest> waiting = new ArrayList<>();
    long size;
    boolean deferring;
    int flushes;
    int durableWrites;

    @Nullable
    BlockStatus failure;

    ArrayVolume(int size, int blockSize) {
        bytes = new byte[size];
        content = MemorySegment.ofArray(bytes);
        this.size = size;
        this.blockSize = blockSize;
    }

    void finishAll() {
        while (!waiting.isEmpty()) {
            final BlockRequest request = waiting.removeFirst();
            request.completed(execute(request));
        }
    }

    @Override
    public BlockStatus submit(BlockRequest request) {
        if (deferring) {
            waiting.add(request);
            return BlockStatus.PENDING;
        }
        return execute(request);
    }

    private BlockStatus execute(BlockRequest request) {
        if (failure != null) {
            return failure;
        }
        switch (request.operation()) {
            case READ, WRITE -> transfer(request);
            case DISCARD, WRITE_ZEROES ->
                content.asSlice(request.offset(), request.length()).fill((byte) 0);
            case FLUSH -> flushes++;
        }
        return BlockStatus.OK;
    }

    private void transfer(BlockRequest request) {
        final IoVector data = request.data();
        final boolean read = request.operation() == BlockOperation.READ;
        durableWrites += !read && request.durable() ? 1 : 0;
        long at = request.offset();
        for (int i = 0; i < data.count(); i++) {
            final int length = data.length(i);
            if (read) {
                MemorySegment.copy(content, at, data.segment(i), data.offset(i), length);
            } else {
                MemorySegment.copy(data.segment(i), data.offset(i), content, at, length);
            }
            at += length;
        }
        if (at - request.offset() != request.length()) {
            throw new AssertionError("data has " + (at - request.offset()) + " bytes, not " + request.length());
        }
    }

    @Override
    public void useMemory(RegionTable table) {
        // Nothing to register.
    }

    @Override
    public void releaseMemory(RegionTable table) {
        // Nothing was registered.
    }

    @Override
    public int inFlight() {
        return waiting.size();
    }

    @Override
    public String name() {
        return "disk";
    }

    @Override
    public String productName() {
        return "Array disk";
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return size;
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
        return this;
    }

    @Override
    public void close() {}
}
