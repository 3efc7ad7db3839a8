package io.basalt.virtio.queue;

/// Numbers of the virtqueue formats, spelled as in virtio 1.2 sections 2.6 to 2.8 and 6.
///
/// ```
/// split:   descriptor table        available ring            used ring
///          0     8   12   14  16   0     2    4      4+2n    0     2    4          4+8n
///          +-----+---+----+----+   +-----+----+------+----+  +-----+----+----------+-----+
///          | addr|len|flag|next|   |flags|idx | ring |used|  |flags|idx | id   len |avail|
///          |  64 |32 | 16 | 16 |   | 16  | 16 | 16*n |evt |  | 16  | 16 | 32   32  |event|
///          +-----+---+----+----+   +-----+----+------+----+  +-----+----+----------+-----+
/// packed:  descriptor ring         driver area, device area
///          0     8   12   14  16   0            2            4
///          +-----+---+----+----+   +------------+------------+
///          | addr|len| id |flag|   |off:15,wrap |   flags    |
///          |  64 |32 | 16 | 16 |   +------------+------------+
///          +-----+---+----+----+
/// ```
public final class VirtqueueSpec {
    /// Feature bit: the driver may place descriptors in tables of their own.
    public static final int VIRTIO_F_INDIRECT_DESC = 28;
    /// Feature bit: notifications are suppressed by ring position.
    public static final int VIRTIO_F_EVENT_IDX = 29;
    /// Feature bit: modern (little-endian, virtio 1) device.
    public static final int VIRTIO_F_VERSION_1 = 32;
    /// Feature bit: packed virtqueue layout.
    public static final int VIRTIO_F_RING_PACKED = 34;
    /// Feature bit of vhost: log writes to guest memory.
    public static final int VHOST_F_LOG_ALL = 26;
    /// Feature bit of vhost-user: protocol features can be negotiated.
    public static final int VHOST_USER_F_PROTOCOL_FEATURES = 30;

    /// Descriptor flag: the chain goes on.
    public static final int VIRTQ_DESC_F_NEXT = 1;
    /// Descriptor flag: the device may write the buffer (and not read it).
    public static final int VIRTQ_DESC_F_WRITE = 2;
    /// Descriptor flag: the buffer is a table of descriptors.
    public static final int VIRTQ_DESC_F_INDIRECT = 4;
    /// Packed descriptor flag: equals the driver's wrap counter when made available.
    public static final int VIRTQ_DESC_F_AVAIL = 1 << 7;
    /// Packed descriptor flag: equals AVAIL when used, differs when available.
    public static final int VIRTQ_DESC_F_USED = 1 << 15;

    /// Available ring flag: the driver needs no call.
    public static final int VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
    /// Used ring flag: the device needs no kick.
    public static final int VIRTQ_USED_F_NO_NOTIFY = 1;

    /// Packed event suppression: notify always.
    public static final int RING_EVENT_FLAGS_ENABLE = 0;
    /// Packed event suppression: never notify.
    public static final int RING_EVENT_FLAGS_DISABLE = 1;
    /// Packed event suppression: notify at one descriptor (with EVENT_IDX only).
    public static final int RING_EVENT_FLAGS_DESC = 2;

    /// Most descriptors in a queue, both layouts.
    public static final int QUEUE_SIZE_MAX = 32768;
    /// Bytes of a descriptor, both layouts.
    public static final int DESCRIPTOR_BYTES = 16;
    /// Bytes of a split ring's used element.
    public static final int USED_ELEMENT_BYTES = 8;
    /// Bytes of a packed ring's event suppression area.
    public static final int EVENT_SUPPRESSION_BYTES = 4;

    /// Alignment of the descriptor table and the packed descriptor ring.
    public static final int DESCRIPTOR_ALIGNMENT = 16;
    /// Alignment of the available ring.
    public static final int AVAILABLE_ALIGNMENT = 2;
    /// Alignment of the used ring.
    public static final int USED_ALIGNMENT = 4;
    /// Alignment of the packed event suppression areas.
    public static final int EVENT_SUPPRESSION_ALIGNMENT = 4;

    /// Offset of `flags` in the available and the used ring.
    public static final int RING_FLAGS = 0;
    /// Offset of `idx` in the available and the used ring.
    public static final int RING_INDEX = 2;
    /// Offset of the first entry in the available and the used ring.
    public static final int RING_ENTRIES = 4;

    private VirtqueueSpec() {}

    /// Bytes of a descriptor table or packed descriptor ring.
    public static long descriptorBytes(int size) {
        return (long) size * DESCRIPTOR_BYTES;
    }

    /// Bytes of an available ring, used_event included.
    public static long availableBytes(int size) {
        return RING_ENTRIES + 2L * size + 2;
    }

    /// Bytes of a used ring, avail_event included.
    public static long usedBytes(int size) {
        return RING_ENTRIES + (long) USED_ELEMENT_BYTES * size + 2;
    }

    /// Offset of `used_event` in an available ring.
    public static long usedEventOffset(int size) {
        return RING_ENTRIES + 2L * size;
    }

    /// Offset of `avail_event` in a used ring.
    public static long availableEventOffset(int size) {
        return RING_ENTRIES + (long) USED_ELEMENT_BYTES * size;
    }

    /// Whether moving an index from `old` to `now` passes `event` (virtio 1.2 section 2.7.10,
    /// `vring_need_event`). All are free-running 16-bit numbers.
    public static boolean needsEvent(int event, int now, int old) {
        return (now - event - 1 & 0xffff) < (now - old & 0xffff);
    }
}
