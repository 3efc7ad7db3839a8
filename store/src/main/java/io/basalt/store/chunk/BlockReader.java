package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.IoVector;
import io.basalt.store.chunk.StoreCounters.Counter;
import io.basalt.store.chunk.StoreOp.State;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// Reads blocks and verifies each against its checksum. Whole blocks go straight to the request's memory,
/// parts of blocks through a bounce buffer. One owner reactor.
final class BlockReader {
    private final StoreParts parts;
    private final ShardOperations operations;
    private final BouncePool bounces;
    private final MemorySegment cache;

    BlockReader(StoreParts parts, ShardOperations operations, BouncePool bounces) {
        this.parts = parts;
        this.operations = operations;
        this.bounces = bounces;
        cache = parts.memory.cache();
    }

    void step(StoreOp op) {
        if (op.edgesRead) {
            finish(op);
            return;
        }
        if (op.page().state == Frame.State.DAMAGED) {
            op.fail(StoreStatus.CORRUPT, op.firstBlock);
            operations.ended(op);
            return;
        }
        final int lost = firstLost(op);
        if (lost >= 0) {
            op.fail(StoreStatus.CORRUPT, lost);
            operations.ended(op);
            return;
        }
        final boolean bounced = isPartial(op) || isScattered(op);
        if (bounced && !bounces.take(op)) {
            operations.awaitBounce(op);
            return;
        }
        op.edgesRead = true;
        op.state = State.READING;
        start(op, bounced);
    }

    /// The first block of the range whose content is lost, or -1.
    private int firstLost(StoreOp op) {
        if (PageLayout.lost(cache, op.page().page) == 0) {
            return -1;
        }
        for (int i = 0; i < op.blockCount; i++) {
            if (position(op, op.firstBlock + i) == PageLayout.LOST) {
                return op.firstBlock + i;
            }
        }
        return -1;
    }

    /// Whether the range does not cover its blocks as a whole.
    static boolean isPartial(StoreOp op) {
        return ((op.firstByte | op.byteCount) & BLOCK_BYTES - 1) != 0;
    }

    /// Whether the request's memory is in too many pieces for one device operation.
    static boolean isScattered(StoreOp op) {
        return Objects.requireNonNull(op.request).data().count() > StoreOp.ENTRY_COUNT_MAX;
    }

    private void start(StoreOp op, boolean bounced) {
        final int end = op.firstBlock + op.blockCount;
        int ios = 0;
        int block = op.firstBlock;
        while (block < end) {
            final int position = position(op, block);
            int run = 1;
            if (position == PageLayout.NO_POSITION) {
                fillZeros(op, block, bounced);
            } else {
                while (block + run < end && position(op, block + run) == position + run) {
                    run++;
                }
                prepare(op, ios++, block, run, position, bounced);
            }
            block += run;
        }
        op.parts = ios;
        if (ios == 0) {
            finish(op);
            return;
        }
        for (int i = 0; i < ios; i++) {
            parts.device.submit(op.ios[i]);
        }
    }

    private void prepare(StoreOp op, int io, int block, int run, int position, boolean bounced) {
        final IoVector target = op.ios[io].data();
        final int inRange = (block - op.firstBlock) * BLOCK_BYTES;
        if (bounced) {
            target.reset(parts.memory.table());
            target.add(Memory.BOUNCE_REGION, BouncePool.offset(op) + inRange, run * BLOCK_BYTES);
        } else {
            final IoVector data = data(op);
            target.reset(data.table());
            final boolean fits = Memory.slice(data, op.dataOffset + inRange, run * BLOCK_BYTES, target);
            assert fits;
        }
        final int slot = PageLayout.slot(cache, op.page().page, position >>> 15);
        final long offset = parts.geometry.blockOffset(slot, position & ~PageLayout.SECOND_SLOT);
        op.ios[io].range(false, offset, (long) run * BLOCK_BYTES);
    }

    private void fillZeros(StoreOp op, int block, boolean bounced) {
        final int inRange = (block - op.firstBlock) * BLOCK_BYTES;
        if (bounced) {
            MemorySegment.copy(Memory.ZEROS, 0, parts.memory.bounce(), BouncePool.offset(op) + inRange, BLOCK_BYTES);
        } else {
            Memory.copy(data(op), op.dataOffset + inRange, Memory.ZEROS, 0, BLOCK_BYTES, true);
        }
    }

    private void finish(StoreOp op) {
        final StoreRequest request = Objects.requireNonNull(op.request);
        final boolean bounced = op.bounce != StoreOp.NO_BOUNCE;
        final int firstOfRequest = request.offset() / BLOCK_BYTES;
        for (int i = 0; i < op.blockCount && op.status == StoreStatus.OK; i++) {
            final int block = op.firstBlock + i;
            request.blockVersion(block - firstOfRequest, PageLayout.blockVersion(cache, op.page().page, block));
            int plain = Checksums.ZERO_BLOCK;
            if (position(op, block) != PageLayout.NO_POSITION) {
                plain = bounced
                        ? bounceChecksum(op, i)
                        : parts.checksums.of(data(op), op.dataOffset + (long) i * BLOCK_BYTES, BLOCK_BYTES);
                verify(op, block, plain);
            }
            request.blockChecksum(block - firstOfRequest, plain);
        }
        if (bounced && op.status == StoreStatus.OK) {
            final long inBlock = op.firstByte & BLOCK_BYTES - 1;
            Memory.copy(
                    data(op),
                    op.dataOffset,
                    parts.memory.bounce(),
                    BouncePool.offset(op) + inBlock,
                    op.byteCount,
                    true);
        }
        bounces.giveBack(op);
        operations.bounceFreed();
        operations.ended(op);
    }

    /// Plain CRC32C of the block at a place of an operation's bounce buffer.
    int bounceChecksum(StoreOp op, int place) {
        return parts.checksums.of(
                parts.memory.table(),
                Memory.BOUNCE_REGION,
                BouncePool.offset(op) + (long) place * BLOCK_BYTES,
                BLOCK_BYTES);
    }

    /// Compare a block's content with the checksum that is kept of it; a difference fails the operation.
    void verify(StoreOp op, int block, int plain) {
        final long page = op.page().page;
        final int binding = Checksums.binding(
                PageLayout.partId(cache, page),
                PageLayout.shardIndex(cache, page),
                block,
                PageLayout.blockVersion(cache, page, block));
        if ((plain ^ binding) != PageLayout.blockChecksum(cache, page, block)) {
            parts.counters.count(Counter.CORRUPT_BLOCKS);
            op.fail(StoreStatus.CORRUPT, block);
        }
    }

    void versions(StoreOp op) {
        final StoreRequest request = Objects.requireNonNull(op.request);
        final boolean damaged = op.page().state == Frame.State.DAMAGED;
        for (int i = 0; i < op.blockCount; i++) {
            final long version = damaged
                    ? StoreRequest.VERSION_LOST
                    : PageLayout.blockVersion(cache, op.page().page, op.firstBlock + i);
            request.blockVersion(op.firstBlock - request.offset() / BLOCK_BYTES + i, version);
        }
        operations.ended(op);
    }

    private int position(StoreOp op, int block) {
        return PageLayout.position(cache, op.page().page, block);
    }

    private static IoVector data(StoreOp op) {
        return Objects.requireNonNull(op.request).data();
    }
}
