package io.basalt.virtio.blk;

import static io.basalt.virtio.blk.BlkSpec.SECTOR_SHIFT;
import static io.basalt.virtio.blk.BlkSpec.VIRTIO_BLK_ID_BYTES;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One virtio-blk disk: what its queues share, whatever reactors they live on.
///
/// Concurrency:
///
/// | field | reader mode | writer mode | owner |
/// |---|---|---|---|
/// | volume, limits, id, features | final | - | - |
/// | capacitySectors | volatile, once per request | volatile | control reactor ([#resize]) |
/// | writeback | volatile, once per request | volatile | control reactor (configuration space) |
/// | coalescing | volatile, once per 10 ms | volatile | control reactor |
/// | inFlightMax | volatile, once per pass of a queue | volatile | control reactor ([#slow]) |
///
/// A request that races with a resize or a cache mode change sees the old or the new value, never a mixture.
public final class BlkDevice {
    /// Requests in flight of a queue that is slowed down: enough that what moves the data has always one to do.
    private static final int SLOW_IN_FLIGHT_MAX = 2;

    private final Volume volume;
    private final BlkLimits limits;
    private final boolean readOnly;
    private final byte[] id;
    private final int blockSize;
    private final long offeredFeatures;
    private volatile long capacitySectors;
    private volatile boolean writeback = true;
    private volatile InterruptCoalescing coalescing = InterruptCoalescing.OFF;
    private volatile int inFlightMax = BlkQueue.REQUEST_COUNT_MAX;

    /// @param volume stays the caller's; outlives the device's queues
    /// @param serial what the guest sees as the disk's serial number; bytes beyond 20 (ASCII) are cut
    /// @param readOnly refuse writes even if the volume takes them
    /// @param packedRings offer `VIRTIO_F_RING_PACKED`
    /// @throws IllegalArgumentException if the volume's block size is not 512 or 4096, or its size not whole blocks
    public BlkDevice(Volume volume, String serial, boolean readOnly, boolean packedRings, BlkLimits limits) {
        this.volume = volume;
        this.limits = limits;
        this.readOnly = readOnly || volume.readOnly();
        this.id = Arrays.copyOf(serial.getBytes(StandardCharsets.US_ASCII), VIRTIO_BLK_ID_BYTES);
        this.blockSize = volume.blockSize();
        if (blockSize != 512 && blockSize != 4096) {
            throw new IllegalArgumentException(
                    "block size of " + volume.name() + ": " + blockSize + ", not 512 or 4096");
        }
        this.capacitySectors = sectorsOf(volume.sizeBytes());
        this.offeredFeatures = offer(packedRings);
    }

    private long sectorsOf(long sizeBytes) {
        if (sizeBytes < 0 || sizeBytes % blockSize != 0) {
            throw new IllegalArgumentException(
                    "size of " + volume.name() + ": " + sizeBytes + " is not a number of blocks of " + blockSize);
        }
        return sizeBytes >>> SECTOR_SHIFT;
    }

    private long offer(boolean packedRings) {
        long features = bit(BlkSpec.VIRTIO_BLK_F_SEG_MAX)
                | bit(BlkSpec.VIRTIO_BLK_F_BLK_SIZE)
                | bit(BlkSpec.VIRTIO_BLK_F_TOPOLOGY)
                | bit(BlkSpec.VIRTIO_F_INDIRECT_DESC)
                | bit(BlkSpec.VIRTIO_F_EVENT_IDX)
                | bit(BlkSpec.VIRTIO_F_VERSION_1);
        if (limits.queueCount() > 1) {
            features |= bit(BlkSpec.VIRTIO_BLK_F_MQ);
        }
        if (volume.supports(BlockOperation.FLUSH)) {
            features |= bit(BlkSpec.VIRTIO_BLK_F_FLUSH) | bit(BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
        }
        if (readOnly) {
            features |= bit(BlkSpec.VIRTIO_BLK_F_RO);
        }
        if (volume.supports(BlockOperation.DISCARD)) {
            features |= bit(BlkSpec.VIRTIO_BLK_F_DISCARD);
        }
        if (volume.supports(BlockOperation.WRITE_ZEROES)) {
            features |= bit(BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES);
        }
        if (packedRings) {
            features |= bit(BlkSpec.VIRTIO_F_RING_PACKED);
        }
        return features;
    }

    private static long bit(int number) {
        return 1L << number;
    }

    /// The disk behind this device.
    public Volume volume() {
        return volume;
    }

    /// What a driver may ask for at once.
    public BlkLimits limits() {
        return limits;
    }

    /// Whether writes are refused.
    public boolean readOnly() {
        return readOnly;
    }

    /// Logical block size in bytes, 512 or 4096.
    public int blockSize() {
        return blockSize;
    }

    /// Size in units of 512 bytes. Any thread.
    public long capacitySectors() {
        return capacitySectors;
    }

    /// The volume has another size now. Control reactor; the caller tells the front end of the change.
    ///
    /// @throws IllegalArgumentException if the size is not whole blocks
    public void resize(long sizeBytes) {
        capacitySectors = sectorsOf(sizeBytes);
    }

    /// Have every queue take only a few requests at a time, or as many as ever again. What is in flight beyond
    /// that ends by itself, so that little is left to wait for when the queues are to stop soon.
    public void slow(boolean slowly) {
        inFlightMax = slowly ? SLOW_IN_FLIGHT_MAX : BlkQueue.REQUEST_COUNT_MAX;
    }

    /// Most requests that a queue may have in flight now. Any thread.
    public int inFlightMax() {
        return inFlightMax;
    }

    /// The virtio feature bits that this device offers; vhost-user adds its own.
    public long offeredFeatures() {
        return offeredFeatures;
    }

    /// Whether a feature is offered.
    ///
    /// @param featureBit bit number
    public boolean offers(int featureBit) {
        return (offeredFeatures >>> featureBit & 1) != 0;
    }

    /// Whether the driver is told of a volatile write cache (`writeback` of the configuration space). Any thread.
    public boolean writeback() {
        return writeback;
    }

    /// Set the cache mode. Requests taken from now on follow it.
    public void writeback(boolean enabled) {
        writeback = enabled;
    }

    /// How calls to the driver are held back. Any thread.
    public InterruptCoalescing coalescing() {
        return coalescing;
    }

    /// Hold calls back, or no longer. Every queue follows within [InterruptCoalescing#WINDOW_NS].
    public void coalescing(InterruptCoalescing setting) {
        coalescing = setting;
    }

    /// A byte of the answer to `VIRTIO_BLK_T_GET_ID`: the serial number, padded with NUL.
    ///
    /// @param at 0 to 19
    byte idByte(int at) {
        return id[at];
    }
}
