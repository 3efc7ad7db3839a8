package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.SECTOR_LENGTH;

/// What one disk lets a driver ask for at once. Told to the driver in the configuration space, and enforced,
/// because a hostile driver need not read it.
///
/// @param queueCount virtqueues, 1 to [#QUEUE_COUNT_MAX]
/// @param segmentCountMax data descriptors in a request (`seg_max`), 1 to [#SEGMENT_COUNT_MAX]
/// @param dataLengthMax bytes of data in a request, 1 MiB to [#DATA_LENGTH_MAX]. Not told to the driver: far above
///     what drivers ask for. It keeps one request from occupying a reactor
/// @param discardSectorsMax sectors in one discard segment (`max_discard_sectors`), at least 1
/// @param discardSegmentsMax segments in a discard request (`max_discard_seg`), 1 to [#RANGE_COUNT_MAX]
/// @param writeZeroesSectorsMax sectors in one write zeroes segment (`max_write_zeroes_sectors`), at least 1
/// @param writeZeroesSegmentsMax segments in a write zeroes request, 1 to [#RANGE_COUNT_MAX]
public record BlkLimits(
        int queueCount,
        int segmentCountMax,
        int dataLengthMax,
        int discardSectorsMax,
        int discardSegmentsMax,
        int writeZeroesSectorsMax,
        int writeZeroesSegmentsMax) {

    /// Most queues of a disk.
    public static final int QUEUE_COUNT_MAX = 256;
    /// Most data descriptors of a request.
    public static final int SEGMENT_COUNT_MAX = 1022;
    /// Most data bytes of a request: what a used element can report, with room to spare.
    public static final int DATA_LENGTH_MAX = 1 << 30;
    /// Most segments of a discard or write zeroes request.
    public static final int RANGE_COUNT_MAX = 64;

    /// One queue; `seg_max` leaves room for header and status in QEMU's default queue of 128.
    public static final BlkLimits DEFAULT = new BlkLimits(1, 126, 64 << 20, 1 << 21, 16, 1 << 17, 16);

    public BlkLimits {
        requireRange("queueCount", queueCount, 1, QUEUE_COUNT_MAX);
        requireRange("segmentCountMax", segmentCountMax, 1, SEGMENT_COUNT_MAX);
        requireRange("dataLengthMax", dataLengthMax, 1 << 20, DATA_LENGTH_MAX);
        requireRange("discardSectorsMax", discardSectorsMax, 1, Integer.MAX_VALUE);
        requireRange("discardSegmentsMax", discardSegmentsMax, 1, RANGE_COUNT_MAX);
        requireRange("writeZeroesSectorsMax", writeZeroesSectorsMax, 1, Integer.MAX_VALUE);
        requireRange("writeZeroesSegmentsMax", writeZeroesSegmentsMax, 1, RANGE_COUNT_MAX);
        if (dataLengthMax % SECTOR_LENGTH != 0) {
            throw new IllegalArgumentException("dataLengthMax: " + dataLengthMax + " is not a multiple of 512");
        }
    }

    private static void requireRange(String field, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(field + ": " + value + " is outside " + least + " to " + most);
        }
    }

    /// The same limits for another number of queues.
    public BlkLimits withQueueCount(int count) {
        return new BlkLimits(
                count,
                segmentCountMax,
                dataLengthMax,
                discardSectorsMax,
                discardSegmentsMax,
                writeZeroesSectorsMax,
                writeZeroesSegmentsMax);
    }

    /// Most ranges of either request that carries ranges.
    int rangeCountMax() {
        return Math.max(discardSegmentsMax, writeZeroesSegmentsMax);
    }
}
