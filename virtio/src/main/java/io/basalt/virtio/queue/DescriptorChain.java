package io.basalt.virtio.queue;

import org.jspecify.annotations.Nullable;

/// One descriptor chain, flattened: what a driver offered, copied out of guest memory exactly once.
///
/// Preallocated and reused: [Virtqueue#pop] overwrites it. Entries are (guest physical address, length,
/// direction), the device-readable ones first, then the device-writable ones. Zero-length entries are kept;
/// whether they may carry anything is the device type's rule. Addresses are as the driver wrote them: not yet
/// checked against guest memory.
///
/// Drivers build chains in it as well: [#clear()], [#addReadable], [#addWritable].
public final class DescriptorChain {
    final long[] addresses;
    final int[] lengths;
    private int id;
    private int count;
    private int readableCount;
    private long readableBytes;
    private long writableBytes;

    /// @param capacity most entries, at least 1; a longer chain breaks the ring it is popped from. A driver must
    ///     not build chains longer than the queue size, but some fill indirect tables up to the device's segment
    ///     limit on smaller queues: a device takes the larger of both.
    public DescriptorChain(int capacity) {
        addresses = new long[capacity];
        lengths = new int[capacity];
    }

    /// Head index (split) or buffer id (packed): what [Virtqueue#complete] takes.
    public int id() {
        return id;
    }

    /// Entries in the chain.
    public int count() {
        return count;
    }

    /// Most entries that fit.
    public int capacity() {
        return lengths.length;
    }

    /// How many entries the device may read: entries 0 to this - 1. The others are writable.
    public int readableCount() {
        return readableCount;
    }

    /// Bytes in all readable entries, 0 to 2^32.
    public long readableBytes() {
        return readableBytes;
    }

    /// Bytes in all writable entries, 0 to 2^32.
    public long writableBytes() {
        return writableBytes;
    }

    /// Guest physical address of an entry.
    public long address(int entry) {
        assert entry < count;
        return addresses[entry];
    }

    /// Bytes of an entry, 0 to 2^31 - 1.
    public int length(int entry) {
        assert entry < count;
        return lengths[entry];
    }

    /// Empty the chain, to build a new one.
    public void clear() {
        reset(0);
    }

    /// Append a buffer that the device reads.
    ///
    /// @return false, and nothing is changed, if the chain is full, has a writable entry already, or length is
    /// negative
    public boolean addReadable(long guestAddress, int length) {
        return append(guestAddress, length, false) == null;
    }

    /// Append a buffer that the device writes.
    ///
    /// @return false, and nothing is changed, if the chain is full or length is negative
    public boolean addWritable(long guestAddress, int length) {
        return append(guestAddress, length, true) == null;
    }

    void reset(int newId) {
        id = newId;
        count = 0;
        readableCount = 0;
        readableBytes = 0;
        writableBytes = 0;
    }

    /// Take over entries that were stored into the arrays.
    void extend(int newCount, int newReadableCount, long addedBytes, long addedReadableBytes) {
        assert newReadableCount <= newCount;
        assert addedReadableBytes <= addedBytes;
        count = newCount;
        readableCount = newReadableCount;
        readableBytes += addedReadableBytes;
        writableBytes += addedBytes - addedReadableBytes;
    }

    void id(int newId) {
        id = newId;
    }

    @Nullable
    QueueFault append(long guestAddress, int length, boolean writable) {
        final int at = count;
        if (at == lengths.length) {
            return QueueFault.CHAIN_TOO_LONG;
        }
        if (length < 0) {
            return QueueFault.DESCRIPTOR_TOO_LONG;
        }
        if (writable) {
            writableBytes += length;
        } else {
            if (readableCount != at) {
                return QueueFault.READABLE_AFTER_WRITABLE;
            }
            readableCount = at + 1;
            readableBytes += length;
        }
        addresses[at] = guestAddress;
        lengths[at] = length;
        count = at + 1;
        return null;
    }

    /// The rule that only a whole chain can break: virtio 1.2 section 2.7.5, at most 2^32 bytes.
    @Nullable
    QueueFault violation() {
        // Entries are below 2^31 and at most 2^31 in number: the sum cannot wrap.
        return readableBytes + writableBytes > 1L << 32 ? QueueFault.CHAIN_TOO_MANY_BYTES : null;
    }
}
