package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.IoVector;
import io.basalt.store.chunk.StoreCounters.Counter;
import io.basalt.store.chunk.StoreOp.Kind;
import io.basalt.store.chunk.StoreOp.State;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Makes the content of a write ready: whole blocks, with their checksums. A range that covers blocks in
/// part is merged with what they hold, in a bounce buffer; content that moves to the other slot comes into
/// one, too. One owner reactor.
final class WriteContent {
    private final StoreParts parts;
    private final ShardOperations operations;
    private final BlockReader reader;
    private final BouncePool bounces;
    private final MemorySegment cache;

    WriteContent(StoreParts parts, ShardOperations operations, BlockReader reader, BouncePool bounces) {
        this.parts = parts;
        this.operations = operations;
        this.reader = reader;
        this.bounces = bounces;
        cache = parts.memory.cache();
    }

    /// Go on until the content is ready, or something must be waited for.
    ///
    /// @return whether the content is ready, or the operation has failed
    boolean make(StoreOp op) {
        if (op.contentMade) {
            return true;
        }
        if (op.edgesRead) {
            return merge(op);
        }
        final boolean partial = op.kind != Kind.MOVE && BlockReader.isPartial(op);
        final boolean scattered = op.kind == Kind.WRITE && BlockReader.isScattered(op);
        if (!partial && !scattered && op.kind != Kind.MOVE) {
            checksums(op);
            op.contentMade = true;
            return true;
        }
        if (!bounces.take(op)) {
            operations.awaitBounce(op);
            return false;
        }
        op.edgesRead = true;
        final int ios = op.kind == Kind.MOVE ? readAll(op) : readEdges(op);
        if (ios == 0) {
            return merge(op);
        }
        op.state = State.READING;
        op.parts = ios;
        for (int i = 0; i < ios; i++) {
            parts.device.submit(op.ios[i]);
        }
        return false;
    }

    void giveBack(StoreOp op) {
        bounces.giveBack(op);
        operations.bounceFreed();
    }

    private int readAll(StoreOp op) {
        for (int i = 0; i < op.blockCount; i++) {
            readBlock(op, i, i);
        }
        return op.blockCount;
    }

    private int readEdges(StoreOp op) {
        parts.counters.count(Counter.MERGED_WRITES);
        int ios = 0;
        if (isEdge(op, 0)) {
            ios += readBlock(op, 0, ios);
        }
        if (op.blockCount > 1 && isEdge(op, op.blockCount - 1)) {
            ios += readBlock(op, op.blockCount - 1, ios);
        }
        return ios;
    }

    /// Whether the range covers a block in part.
    private static boolean isEdge(StoreOp op, int place) {
        final int start = (op.firstBlock + place) * BLOCK_BYTES;
        return start < op.firstByte || start + BLOCK_BYTES > op.firstByte + op.byteCount;
    }

    /// Bring a block's present content into the bounce buffer.
    ///
    /// @return device operations needed
    private int readBlock(StoreOp op, int place, int io) {
        final long page = op.page().page;
        final long at = BouncePool.offset(op) + (long) place * BLOCK_BYTES;
        final int position = PageLayout.position(cache, page, op.firstBlock + place);
        if (position == PageLayout.LOST) {
            op.fail(StoreStatus.CORRUPT, op.firstBlock + place);
            return 0;
        }
        if (position == PageLayout.NO_POSITION) {
            MemorySegment.copy(Memory.ZEROS, 0, parts.memory.bounce(), at, BLOCK_BYTES);
            return 0;
        }
        final int slot = PageLayout.slot(cache, page, position >>> 15);
        final long offset = parts.geometry.blockOffset(slot, position & ~PageLayout.SECOND_SLOT);
        op.ios[io].range(false, offset, parts.memory.table(), Memory.BOUNCE_REGION, at, BLOCK_BYTES);
        return 1;
    }

    private boolean merge(StoreOp op) {
        op.contentMade = true;
        for (int place = 0; place < op.blockCount && op.status == StoreStatus.OK; place++) {
            final int block = op.firstBlock + place;
            final boolean read = op.kind == Kind.MOVE || isEdge(op, place);
            if (read && PageLayout.isMapped(PageLayout.position(cache, op.page().page, block))) {
                reader.verify(op, block, reader.bounceChecksum(op, place));
            }
        }
        if (op.status != StoreStatus.OK || op.kind == Kind.MOVE) {
            return true;
        }
        final long at = BouncePool.offset(op) + (op.firstByte & BLOCK_BYTES - 1);
        if (op.kind == Kind.ZERO_PART) {
            MemorySegment.copy(Memory.ZEROS, 0, parts.memory.bounce(), at, op.byteCount);
        } else {
            Memory.copy(data(op), op.dataOffset, parts.memory.bounce(), at, op.byteCount, false);
        }
        checksums(op);
        return true;
    }

    private void checksums(StoreOp op) {
        final StoreRequest request = Objects.requireNonNull(op.request);
        final long part = parts.entries.partId(op.page().entry);
        final int shard = parts.entries.shardIndex(op.page().entry);
        final int firstOfRequest = request.offset() / BLOCK_BYTES;
        for (int place = 0; place < op.blockCount; place++) {
            final int block = op.firstBlock + place;
            final int plain;
            if (request.checksumsKnown() && !isEdge(op, place)) {
                plain = request.blockChecksum(block - firstOfRequest);
            } else if (op.bounce != StoreOp.NO_BOUNCE) {
                plain = reader.bounceChecksum(op, place);
            } else {
                plain = parts.checksums.of(data(op), op.dataOffset + (long) place * BLOCK_BYTES, BLOCK_BYTES);
            }
            op.checksums[place] = plain ^ Checksums.binding(part, shard, block, op.version);
        }
    }

    /// Put the content of some blocks into the data vector of a device operation.
    void slice(StoreOp op, int place, int blocks, IoVector target) {
        if (op.bounce != StoreOp.NO_BOUNCE) {
            target.reset(parts.memory.table());
            target.add(Memory.BOUNCE_REGION, BouncePool.offset(op) + (long) place * BLOCK_BYTES, blocks * BLOCK_BYTES);
            return;
        }
        final IoVector data = data(op);
        target.reset(data.table());
        final boolean fits =
                Memory.slice(data, op.dataOffset + (long) place * BLOCK_BYTES, blocks * BLOCK_BYTES, target);
        assert fits;
    }

    private static IoVector data(StoreOp op) {
        return Objects.requireNonNull(op.request).data();
    }
}
