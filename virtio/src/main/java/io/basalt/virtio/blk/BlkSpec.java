package io.basalt.virtio.blk;

/// The numbers of the virtio-blk specification (virtio 1.2, section 5.2), in its spelling.
public final class BlkSpec {
    /// Device id of a block device.
    public static final int VIRTIO_ID_BLOCK = 2;

    // Feature bits (5.2.3), as bit numbers.
    public static final int VIRTIO_BLK_F_SIZE_MAX = 1;
    public static final int VIRTIO_BLK_F_SEG_MAX = 2;
    public static final int VIRTIO_BLK_F_GEOMETRY = 4;
    public static final int VIRTIO_BLK_F_RO = 5;
    public static final int VIRTIO_BLK_F_BLK_SIZE = 6;
    public static final int VIRTIO_BLK_F_FLUSH = 9;
    public static final int VIRTIO_BLK_F_TOPOLOGY = 10;
    public static final int VIRTIO_BLK_F_CONFIG_WCE = 11;
    public static final int VIRTIO_BLK_F_MQ = 12;
    public static final int VIRTIO_BLK_F_DISCARD = 13;
    public static final int VIRTIO_BLK_F_WRITE_ZEROES = 14;

    // Feature bits of every device (6).
    public static final int VIRTIO_F_INDIRECT_DESC = 28;
    public static final int VIRTIO_F_EVENT_IDX = 29;
    public static final int VIRTIO_F_VERSION_1 = 32;
    public static final int VIRTIO_F_RING_PACKED = 34;

    // Request types (5.2.6).
    public static final int VIRTIO_BLK_T_IN = 0;
    public static final int VIRTIO_BLK_T_OUT = 1;
    public static final int VIRTIO_BLK_T_FLUSH = 4;
    public static final int VIRTIO_BLK_T_GET_ID = 8;
    public static final int VIRTIO_BLK_T_DISCARD = 11;
    public static final int VIRTIO_BLK_T_WRITE_ZEROES = 13;

    /// Legacy flag in the type field: a barrier before this request. Ignored, as devices without
    /// `VIRTIO_BLK_F_BARRIER` do.
    public static final int VIRTIO_BLK_T_BARRIER = 0x8000_0000;

    // Request status (5.2.6).
    public static final int VIRTIO_BLK_S_OK = 0;
    public static final int VIRTIO_BLK_S_IOERR = 1;
    public static final int VIRTIO_BLK_S_UNSUPP = 2;

    /// Bytes of the header `{le32 type; le32 reserved; le64 sector}`.
    public static final int HEADER_LENGTH = 16;
    /// Offset of the sector in the header.
    public static final int HEADER_SECTOR_OFFSET = 8;

    /// Unit of the header's sector and of every data length, whatever the block size is.
    public static final int SECTOR_LENGTH = 512;
    /// log2 of [#SECTOR_LENGTH].
    public static final int SECTOR_SHIFT = 9;

    /// Bytes that VIRTIO_BLK_T_GET_ID answers.
    public static final int VIRTIO_BLK_ID_BYTES = 20;

    /// Bytes of a discard or write zeroes segment `{le64 sector; le32 num_sectors; le32 flags}`.
    public static final int SEGMENT_LENGTH = 16;
    /// The one flag of a segment: the space may be freed.
    public static final int VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP = 1;

    // Offsets in the configuration space (5.2.4).
    public static final int CONFIG_CAPACITY = 0;
    public static final int CONFIG_SIZE_MAX = 8;
    public static final int CONFIG_SEG_MAX = 12;
    public static final int CONFIG_GEOMETRY = 16;
    public static final int CONFIG_BLK_SIZE = 20;
    public static final int CONFIG_PHYSICAL_BLOCK_EXP = 24;
    public static final int CONFIG_ALIGNMENT_OFFSET = 25;
    public static final int CONFIG_MIN_IO_SIZE = 26;
    public static final int CONFIG_OPT_IO_SIZE = 28;
    public static final int CONFIG_WRITEBACK = 32;
    public static final int CONFIG_NUM_QUEUES = 34;
    public static final int CONFIG_MAX_DISCARD_SECTORS = 36;
    public static final int CONFIG_MAX_DISCARD_SEG = 40;
    public static final int CONFIG_DISCARD_SECTOR_ALIGNMENT = 44;
    public static final int CONFIG_MAX_WRITE_ZEROES_SECTORS = 48;
    public static final int CONFIG_MAX_WRITE_ZEROES_SEG = 52;
    public static final int CONFIG_WRITE_ZEROES_MAY_UNMAP = 56;
    /// Bytes of the configuration space, up to the end of the zoned characteristics.
    public static final int CONFIG_LENGTH = 96;

    private BlkSpec() {}
}
