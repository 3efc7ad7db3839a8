package io.basalt.virtio.blk;

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
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A disk in an array, and its only channel. Answers at once, or when the test lets it.
final class FakeVolume implements Volume, VolumeChannel {
    /// When and whether requests are executed.
    enum Mode {
        /// Data moves, the answer comes at once.
        IMMEDIATE,
        /// Nothing moves, the answer comes at once.
        NULL,
        /// Requests wait for [#finish].
        DEFERRED,
        /// Requests are held back until somebody is in a hurry.
        HELD_BACK
    }

    private final byte[] bytes;
    private final MemorySegment content;
    private final int blockSize;
    private final List<BlockRequest> waiting = new ArrayList<>();
    private final List<String> journal = new ArrayList<>();
    private final Map<RegionTable, Integer> uses = new HashMap<>();
    private final Set<BlockOperation> operations = EnumSet.allOf(BlockOperation.class);

    Mode mode = Mode.IMMEDIATE;
    boolean journaling = true;
    boolean readOnly;

    @Nullable
    BlockStatus failure;

    @Nullable
    Error fault;

    FakeVolume(int size, int blockSize) {
        bytes = new byte[size];
        content = MemorySegment.ofArray(bytes);
        this.blockSize = blockSize;
    }

    byte[] bytes() {
        return bytes;
    }

    /// What was submitted, in order: operation, offset, length.
    List<String> journal() {
        return journal;
    }

    FakeVolume without(BlockOperation operation) {
        operations.remove(operation);
        return this;
    }

    /// How many users have announced a table's memory and not taken it back.
    int uses(RegionTable table) {
        return uses.getOrDefault(table, 0);
    }

    /// Execute and complete a waiting request.
    void finish(int which) {
        final BlockRequest request = waiting.remove(which);
        request.completed(failure == null ? execute(request) : failure);
    }

    void finishAll() {
        while (!waiting.isEmpty()) {
            finish(0);
        }
    }

    @Override
    public BlockStatus submit(BlockRequest request) {
        if (journaling) {
            journal.add(request.operation() + " " + request.offset() + " " + request.length()
                    + (request.mayUnmap() ? " unmap" : ""));
        }
        if (fault != null) {
            throw fault;
        }
        if (mode == Mode.DEFERRED || mode == Mode.HELD_BACK) {
            waiting.add(request);
            return BlockStatus.PENDING;
        }
        if (failure != null) {
            return failure;
        }
        return mode == Mode.NULL ? BlockStatus.OK : execute(request);
    }

    private BlockStatus execute(BlockRequest request) {
        switch (request.operation()) {
            case READ -> transfer(request, true);
            case WRITE -> transfer(request, false);
            case DISCARD, WRITE_ZEROES ->
                content.asSlice(request.offset(), request.length()).fill((byte) 0);
            case FLUSH -> {}
        }
        return BlockStatus.OK;
    }

    private void transfer(BlockRequest request, boolean read) {
        final IoVector data = request.data();
        long at = request.offset();
        for (int i = 0; i < data.count(); i++) {
            final MemorySegment guest = data.segment(i);
            final int length = data.length(i);
            if (read) {
                MemorySegment.copy(content, at, guest, data.offset(i), length);
            } else {
                MemorySegment.copy(guest, data.offset(i), content, at, length);
            }
            at += length;
        }
        if (at - request.offset() != request.length()) {
            throw new AssertionError("data has " + (at - request.offset()) + " bytes, not " + request.length());
        }
    }

    @Override
    public void hurry(boolean wanted) {
        if (mode == Mode.HELD_BACK && wanted) {
            finishAll();
        } else if (mode == Mode.HELD_BACK) {
            waiting.forEach(request -> request.completed(BlockStatus.IO_ERROR));
            waiting.clear();
        }
    }

    @Override
    public void useMemory(RegionTable table) {
        uses.merge(table, 1, Integer::sum);
    }

    @Override
    public void releaseMemory(RegionTable table) {
        uses.merge(table, -1, Integer::sum);
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
        return "Fake disk";
    }

    @Override
    public int blockSize() {
        return blockSize;
    }

    @Override
    public long sizeBytes() {
        return bytes.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public boolean supports(BlockOperation operation) {
        return operations.contains(operation);
    }

    @Override
    public VolumeChannel openChannel(Reactor reactor) {
        return this;
    }

    @Override
    public void close() {}
}
