package io.basalt.virtio.queue;

/// Why a virtqueue broke: each is something a driver that follows virtio 1.2 never does.
///
/// Codes are stable: they appear in counters, logs and as the negative results of [Virtqueue#pop].
public enum QueueFault {
    /// The available index is more than a ring ahead: a device that believed it would spin over stale heads for
    /// ever.
    AVAILABLE_INDEX_JUMP(1, "available index is more than the queue size ahead"),
    /// A head outside the descriptor table: read out of bounds.
    HEAD_OUT_OF_RANGE(2, "head index outside the descriptor table"),
    /// A head or buffer id offered again before it was answered: two requests would share one request's state.
    HEAD_IN_FLIGHT(3, "head offered again while in flight"),
    /// A `next` outside its table: read out of bounds.
    NEXT_OUT_OF_RANGE(4, "next index outside the table"),
    /// A chain that comes back to itself: walk without end.
    CHAIN_LOOP(5, "descriptor chain loops"),
    /// A chain with more descriptors than a request may have: memory exhaustion.
    CHAIN_TOO_LONG(6, "descriptor chain longer than allowed"),
    /// A device-readable descriptor behind a device-writable one: a parser that trusts the order mistakes one for
    /// the other.
    READABLE_AFTER_WRITABLE(7, "readable descriptor after a writable one"),
    /// A descriptor of 2 GiB or more: signed 32-bit lengths overflow.
    DESCRIPTOR_TOO_LONG(8, "descriptor of 2 GiB or more"),
    /// A chain of more than 2^32 bytes: 32-bit sums overflow.
    CHAIN_TOO_MANY_BYTES(9, "descriptor chain of more than 4 GiB"),
    /// An indirect descriptor although the feature was not negotiated: reaches code that was not meant to run.
    INDIRECT_NOT_NEGOTIATED(10, "indirect descriptor without VIRTIO_F_INDIRECT_DESC"),
    /// An indirect descriptor inside an indirect table: recursion.
    INDIRECT_NESTED(11, "indirect descriptor inside an indirect table"),
    /// An indirect descriptor that also has NEXT: ambiguous end of chain.
    INDIRECT_WITH_NEXT(12, "indirect descriptor with NEXT"),
    /// An indirect table that is empty or not a whole number of descriptors: partial reads beyond its end.
    INDIRECT_BAD_LENGTH(13, "indirect table length is not a positive multiple of 16"),
    /// An indirect table that no single region of guest memory holds: read out of bounds.
    INDIRECT_OUTSIDE_MEMORY(14, "indirect table is not inside one memory region"),
    /// A packed ring's buffer id of the queue size or more: per-id state indexed out of bounds.
    ID_OUT_OF_RANGE(15, "buffer id outside the queue"),
    /// Packed chains that together have more descriptors than the ring: the device would lap itself.
    RING_OVERCOMMITTED(16, "more descriptors in flight than the ring has"),
    /// A buffer that lies outside guest memory: access out of bounds. Found by whoever translates the chain.
    ADDRESS_OUTSIDE_MEMORY(17, "buffer is not inside guest memory"),
    /// The pages behind guest memory vanished (truncated by the front end): the ring is not touched again.
    MEMORY_LOST(18, "guest memory was taken away"),
    /// A chain without a single device-writable byte: there is nowhere to put the answer.
    ANSWER_MISSING(19, "chain has no writable byte for the answer");

    private final int code;
    private final String text;

    QueueFault(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /// Stable number, at least 1.
    public int code() {
        return code;
    }

    /// What is wrong, for an operator.
    public String text() {
        return text;
    }
}
