package io.basalt.store;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.store.VolumeException.Kind;

/// What every volume of this module demands of its parameters and of each request.
public final class VolumeRules {
    /// Largest volume, in bytes: 2^62, so that an offset plus a length never overflows.
    public static final long SIZE_BYTES_MAX = 1L << 62;

    private VolumeRules() {}

    /// Whether a request may run. Allocates nothing.
    ///
    /// @return [BlockStatus#OK] if it may, else the status to answer it with
    public static BlockStatus check(BlockRequest request, long sizeBytes, int blockSize, boolean readOnly) {
        final BlockOperation operation = request.operation();
        final long offset = request.offset();
        final long length = request.length();
        if (((offset | length) & blockSize - 1) != 0 || offset < 0 || length < 0 || offset > sizeBytes - length) {
            return BlockStatus.OUT_OF_RANGE;
        }
        if (operation == BlockOperation.READ) {
            assert request.data().byteCount() == length;
            return BlockStatus.OK;
        }
        assert operation != BlockOperation.WRITE || request.data().byteCount() == length;
        return readOnly && operation != BlockOperation.FLUSH ? BlockStatus.READ_ONLY : BlockStatus.OK;
    }

    /// Pass a name on, if it is usable.
    ///
    /// @throws VolumeException naming the field and the rule
    public static String requireName(String name) {
        if (name.isBlank() || name.length() > 255) {
            throw new VolumeException(Kind.INVALID, "name", "must have 1 to 255 characters", "choose another name");
        }
        return name;
    }

    /// Pass a block size on, if it is 512 or 4096.
    ///
    /// @throws VolumeException naming the field and the rule
    public static int requireBlockSize(int blockSize) {
        if (blockSize != 512 && blockSize != 4096) {
            throw new VolumeException(Kind.INVALID, "block_size", "is " + blockSize, "use 512 or 4096");
        }
        return blockSize;
    }

    /// Pass a size on, if it is positive, whole blocks, and at most [#SIZE_BYTES_MAX].
    ///
    /// @throws VolumeException naming the field and the rule
    public static long requireSize(long sizeBytes, int blockSize) {
        if (sizeBytes <= 0 || sizeBytes > SIZE_BYTES_MAX || (sizeBytes & blockSize - 1) != 0) {
            throw new VolumeException(
                    Kind.INVALID,
                    "size",
                    sizeBytes + " bytes is not a positive number of whole " + blockSize + "-byte blocks",
                    "choose a multiple of " + blockSize + " up to 2^62");
        }
        return sizeBytes;
    }

    /// Check that a volume of the old size may become one of the new size.
    ///
    /// @throws VolumeException naming the field and the rule
    public static void requireGrowth(long oldSizeBytes, long newSizeBytes, int blockSize) {
        requireSize(newSizeBytes, blockSize);
        if (newSizeBytes < oldSizeBytes) {
            throw new VolumeException(
                    Kind.INVALID,
                    "size",
                    newSizeBytes + " bytes is smaller than the volume's " + oldSizeBytes,
                    "volumes only grow; create a smaller volume and copy");
        }
    }
}
