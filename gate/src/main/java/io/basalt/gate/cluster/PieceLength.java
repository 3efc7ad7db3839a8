package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.wire.data.DataMessage;

/// Where a range of a shard is cut, so that each piece is one request of the protocol (see
/// [io.basalt.wire.data.ClientRequest]). Pure functions.
final class PieceLength {
    private static final int BLOCK_MASK = DataMessage.BLOCK_BYTES - 1;

    private PieceLength() {}

    /// How many of the bytes at an offset of a shard one request may name.
    ///
    /// @param available bytes of the range from the offset on, in this shard
    static int of(BlockOperation operation, int offset, int available) {
        return switch (operation) {
            case READ, WRITE -> data(offset, available);
            case DISCARD, WRITE_ZEROES -> range(offset, available);
            case FLUSH -> throw new AssertionError("a flush has no range");
        };
    }

    /// At most so many whole blocks may be touched.
    private static int data(int offset, int available) {
        return Math.min(available, DataMessage.DATA_BYTES_MAX - (offset & BLOCK_MASK));
    }

    /// Whole blocks go together, however many; the parts of blocks before and after them go by themselves.
    private static int range(int offset, int available) {
        final int inBlock = offset & BLOCK_MASK;
        if (inBlock != 0) {
            return Math.min(available, DataMessage.BLOCK_BYTES - inBlock);
        }
        return available < DataMessage.BLOCK_BYTES ? available : available & ~BLOCK_MASK;
    }

    /// The bytes that are cut off when not all wanted ones fit: whole sectors.
    static int wholeSectors(int fitting, int wanted) {
        final int length = fitting == wanted ? wanted : fitting & -DataMessage.SECTOR_BYTES;
        assert length > 0 : "a wide piece holds at least one sector";
        return length;
    }
}
