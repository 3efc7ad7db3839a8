package io.basalt.virtio.scsi;

import io.basalt.virtio.blk.BlkSpec;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// One virtio-scsi controller: what its queues share, whatever reactors they live on.
///
/// Concurrency: immutable but for `inFlightMax`, which the control reactor writes and each queue reads once a pass.
public final class ScsiDevice {
    /// Most targets, as many as SPDK has.
    public static final int TARGET_COUNT_MAX = 8;

    private static final int SLOW_IN_FLIGHT_MAX = 2;
    private static final int SEGMENT_COUNT_MAX = 126;
    private static final int SECTORS_MAX = 0xffff;
    private static final int COMMANDS_PER_UNIT = 128;

    private final int queueCount;
    private final long offeredFeatures;
    private final MemorySegment configuration;
    private volatile int inFlightMax = ScsiRequestQueue.REQUEST_COUNT_MAX;

    /// @param queueCount queues, with those for control and for events, 3 to 256
    /// @param packedRings offer `VIRTIO_F_RING_PACKED`
    public ScsiDevice(int queueCount, boolean packedRings) {
        if (queueCount <= ScsiHostSpec.FIRST_REQUEST_QUEUE || queueCount > 256) {
            throw new IllegalArgumentException("queues: " + queueCount + " is outside 3 to 256");
        }
        this.queueCount = queueCount;
        offeredFeatures = bit(ScsiHostSpec.VIRTIO_SCSI_F_HOTPLUG)
                | bit(ScsiHostSpec.VIRTIO_SCSI_F_CHANGE)
                | bit(BlkSpec.VIRTIO_F_INDIRECT_DESC)
                | bit(BlkSpec.VIRTIO_F_EVENT_IDX)
                | bit(BlkSpec.VIRTIO_F_VERSION_1)
                | (packedRings ? bit(BlkSpec.VIRTIO_F_RING_PACKED) : 0);
        configuration = MemorySegment.ofArray(configuration()).asReadOnly();
    }

    private static long bit(int number) {
        return 1L << number;
    }

    /// Queues, with those for control and for events.
    public int queueCount() {
        return queueCount;
    }

    /// The virtio feature bits that this device offers; vhost-user adds its own.
    public long offeredFeatures() {
        return offeredFeatures;
    }

    /// Have every request queue take only a few requests at a time, or as many as ever again.
    public void slow(boolean slowly) {
        inFlightMax = slowly ? SLOW_IN_FLIGHT_MAX : ScsiRequestQueue.REQUEST_COUNT_MAX;
    }

    /// Most requests that a queue may have in flight now. Any thread.
    public int inFlightMax() {
        return inFlightMax;
    }

    /// Copy from the configuration space; bytes beyond its end stay as they are.
    ///
    /// @param offset from 0 on, in the space or beyond it
    public void readConfig(int offset, MemorySegment into) {
        final long length = Math.min(configuration.byteSize() - offset, into.byteSize());
        if (length > 0) {
            MemorySegment.copy(configuration, offset, into, 0, length);
        }
    }

    /// The configuration space (virtio 1.2, 5.6.4).
    private byte[] configuration() {
        final ByteBuffer space = ByteBuffer.allocate(ScsiHostSpec.CONFIG_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        space.putInt(ScsiHostSpec.CONFIG_NUM_QUEUES, queueCount - ScsiHostSpec.FIRST_REQUEST_QUEUE);
        space.putInt(ScsiHostSpec.CONFIG_SEG_MAX, SEGMENT_COUNT_MAX);
        space.putInt(ScsiHostSpec.CONFIG_MAX_SECTORS, SECTORS_MAX);
        space.putInt(ScsiHostSpec.CONFIG_CMD_PER_LUN, COMMANDS_PER_UNIT);
        space.putInt(ScsiHostSpec.CONFIG_EVENT_INFO_SIZE, ScsiHostSpec.EVENT_LENGTH);
        space.putInt(ScsiHostSpec.CONFIG_SENSE_SIZE, ScsiHostSpec.RESPONSE_LENGTH - ScsiHostSpec.SENSE_OFFSET);
        space.putInt(ScsiHostSpec.CONFIG_CDB_SIZE, ScsiHostSpec.REQUEST_LENGTH - ScsiHostSpec.CDB_OFFSET);
        space.putShort(ScsiHostSpec.CONFIG_MAX_CHANNEL, (short) 0);
        space.putShort(ScsiHostSpec.CONFIG_MAX_TARGET, (short) (TARGET_COUNT_MAX - 1));
        space.putInt(ScsiHostSpec.CONFIG_MAX_LUN, 0);
        return space.array();
    }
}
