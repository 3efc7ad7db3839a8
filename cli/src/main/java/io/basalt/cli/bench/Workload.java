package io.basalt.cli.bench;

import java.util.Locale;

/// What a bench run does.
///
/// @param pattern which requests, and where
/// @param blockSize bytes of each request, a multiple of 512 up to 1 MiB
/// @param ioDepth requests in flight on each queue, 1 to 1024
/// @param jobCount threads; queue n belongs to thread n modulo this
/// @param queueCount virtqueues, 1 to 64, at least one for each thread
/// @param queueSize descriptors of each queue, a power of two up to 1024
/// @param runNs how long to load the disk, in nanoseconds
/// @param rampNs how long to load it before counting begins, in nanoseconds
/// @param verify stamp every block that is written and check every block that is read
/// @param packed packed instead of split rings
/// @param indirect indirect descriptors
/// @param eventIndex negotiate VIRTIO_F_EVENT_IDX
/// @param hugePages guest memory on 2 MiB pages
/// @param regionBytes bytes of the disk, from its start, that are used; 0 for all of it
/// @param seed of the random offsets
/// @param calls sleep until the disk calls, as a guest does, instead of polling
public record Workload(
        Pattern pattern,
        int blockSize,
        int ioDepth,
        int jobCount,
        int queueCount,
        int queueSize,
        long runNs,
        long rampNs,
        boolean verify,
        boolean packed,
        boolean indirect,
        boolean eventIndex,
        boolean hugePages,
        long regionBytes,
        long seed,
        boolean calls) {

    /// Largest block.
    public static final int BLOCK_SIZE_MAX = 1 << 20;

    private static final int IO_DEPTH_MAX = 1024;
    private static final int QUEUE_COUNT_MAX = 64;

    /// Which requests, named as fio names them.
    public enum Pattern {
        /// Sequential reads.
        READ(100, false),
        /// Sequential writes.
        WRITE(0, false),
        /// Random reads.
        RANDREAD(100, true),
        /// Random writes.
        RANDWRITE(0, true),
        /// Half random reads, half random writes.
        RANDRW(50, true);

        private final int readPercent;
        private final boolean random;

        Pattern(int readPercent, boolean random) {
            this.readPercent = readPercent;
            this.random = random;
        }

        int readPercent() {
            return readPercent;
        }

        boolean random() {
            return random;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// @throws IllegalArgumentException naming the option, the reason and what to do
    public Workload {
        require(
                blockSize >= 512 && blockSize <= BLOCK_SIZE_MAX && blockSize % 512 == 0,
                "bs",
                blockSize,
                "a multiple of 512 up to 1 MiB");
        require(ioDepth >= 1 && ioDepth <= IO_DEPTH_MAX, "iodepth", ioDepth, "1 to 1024");
        require(queueCount >= 1 && queueCount <= QUEUE_COUNT_MAX, "queues", queueCount, "1 to 64");
        require(
                jobCount >= 1 && jobCount <= queueCount,
                "numjobs",
                jobCount,
                "1 to the number of queues, each of which belongs to one thread");
        require(
                queueSize >= 4 && queueSize <= 1024 && Integer.bitCount(queueSize) == 1,
                "queue-size",
                queueSize,
                "a power of two, 4 to 1024");
        require(runNs > 0, "time", runNs, "more than 0");
        require(regionBytes >= 0, "region", regionBytes, "0 or more");
    }

    private static void require(boolean holds, String option, long value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException("--" + option + ": " + value + " is not possible; use " + wanted);
        }
    }

    /// Requests that fit in a queue: a direct chain of three descriptors, or one indirect descriptor.
    int depth() {
        return Math.min(ioDepth, indirect ? queueSize : queueSize / 3);
    }
}
