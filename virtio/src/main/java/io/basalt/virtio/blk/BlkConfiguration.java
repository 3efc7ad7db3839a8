package io.basalt.virtio.blk;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/// The configuration space of a disk (`struct virtio_blk_config`, virtio 1.2 section 5.2.4), as bytes. Control
/// plane.
///
/// ```
///   0 capacity        8 size_max   12 seg_max    16 geometry      20 blk_size
///  24 topology (physical_block_exp, alignment_offset, min_io_size, opt_io_size)
///  32 writeback      34 num_queues
///  36 max_discard_sectors        40 max_discard_seg        44 discard_sector_alignment
///  48 max_write_zeroes_sectors   52 max_write_zeroes_seg   56 write_zeroes_may_unmap
///  60 secure erase   72 zoned characteristics              96 end
/// ```
public final class BlkConfiguration {
    /// Most bytes that a front end may ask for at once; beyond the space there are zeros.
    public static final int READ_LENGTH_MAX = 256;

    private static final ValueLayout.OfShort LE16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    // Devices and file systems below prefer 4 KiB whatever the logical block size is.
    private static final int PHYSICAL_BLOCK_SIZE = 4096;

    private final BlkDevice device;

    /// @param device whose state is shown
    public BlkConfiguration(BlkDevice device) {
        this.device = device;
    }

    /// Whether a read or write of this range can be answered.
    public static boolean accepts(int offset, int length) {
        return offset >= 0 && length > 0 && offset <= READ_LENGTH_MAX - length;
    }

    /// Part of the space as it is now, zeros beyond its end.
    ///
    /// @param offset first byte
    /// @param length bytes, at least 1, ending at [#READ_LENGTH_MAX] at most
    /// @throws IllegalArgumentException if [#accepts] does not hold
    public byte[] read(int offset, int length) {
        if (!accepts(offset, length)) {
            throw new IllegalArgumentException("configuration space: " + length + " bytes at " + offset
                    + " cannot be read; the range must end at " + READ_LENGTH_MAX + " at most");
        }
        return Arrays.copyOfRange(image(), offset, offset + length);
    }

    /// Store what a driver writes. Only `writeback` can be written, alone, 0 or 1, if its feature is offered.
    ///
    /// @return false, and nothing is changed, for every other write
    public boolean write(int offset, byte[] bytes) {
        if (offset != BlkSpec.CONFIG_WRITEBACK || bytes.length != 1 || bytes[0] < 0 || bytes[0] > 1) {
            return false;
        }
        if (!device.offers(BlkSpec.VIRTIO_BLK_F_CONFIG_WCE)) {
            return false;
        }
        device.writeback(bytes[0] == 1);
        return true;
    }

    private byte[] image() {
        final byte[] image = new byte[READ_LENGTH_MAX];
        final MemorySegment space = MemorySegment.ofArray(image);
        final BlkLimits limits = device.limits();
        final int blockSectors = device.blockSize() >> BlkSpec.SECTOR_SHIFT;
        space.set(LE64, BlkSpec.CONFIG_CAPACITY, device.capacitySectors());
        space.set(LE32, BlkSpec.CONFIG_SEG_MAX, limits.segmentCountMax());
        space.set(LE32, BlkSpec.CONFIG_BLK_SIZE, device.blockSize());
        final int blocksInPhysical = PHYSICAL_BLOCK_SIZE / device.blockSize();
        image[BlkSpec.CONFIG_PHYSICAL_BLOCK_EXP] = (byte) Integer.numberOfTrailingZeros(blocksInPhysical);
        space.set(LE16, BlkSpec.CONFIG_MIN_IO_SIZE, (short) blocksInPhysical);
        image[BlkSpec.CONFIG_WRITEBACK] = (byte) (device.writeback() ? 1 : 0);
        space.set(LE16, BlkSpec.CONFIG_NUM_QUEUES, (short) limits.queueCount());
        if (device.offers(BlkSpec.VIRTIO_BLK_F_DISCARD)) {
            space.set(LE32, BlkSpec.CONFIG_MAX_DISCARD_SECTORS, limits.discardSectorsMax());
            space.set(LE32, BlkSpec.CONFIG_MAX_DISCARD_SEG, limits.discardSegmentsMax());
            space.set(LE32, BlkSpec.CONFIG_DISCARD_SECTOR_ALIGNMENT, blockSectors);
        }
        if (device.offers(BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES)) {
            space.set(LE32, BlkSpec.CONFIG_MAX_WRITE_ZEROES_SECTORS, limits.writeZeroesSectorsMax());
            space.set(LE32, BlkSpec.CONFIG_MAX_WRITE_ZEROES_SEG, limits.writeZeroesSegmentsMax());
            image[BlkSpec.CONFIG_WRITE_ZEROES_MAY_UNMAP] = 1;
        }
        return image;
    }
}
