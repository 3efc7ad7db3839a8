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
    /// Most bytes in all entries together (virtio 1.2 section 2.7.5).
    static final long BYTES_MAX = 1L << 32;

    /// Two words an entry, so that one bounds check serves both: address, then length.
    final long[] words;

    private int id;
    private int count;
    private int readableCount;
    private long byteCount;

    /// @param capacity most entries, at least 1; a longer chain breaks the ring it is popped from. A driver must
    ///     not build chains longer than the queue size, but some fill indirect tables up to the device's segment
    ///     limit on smaller queues: a device takes the larger of both.
    public DescriptorChain(int capacity) {
        words = new long[2 * capacity];
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
        return words.length >> 1;
    }

    /// How many entries the device may read: entries 0 to this - 1. The others are writable.
    public int readableCount() {
        return readableCount;
    }

    /// Bytes in all readable entries, 0 to 2^32.
    public long readableBytes() {
        long bytes = 0;
        for (int entry = 0; entry < readableCount; entry++) {
            bytes += words[2 * entry + 1];
        }
        return bytes;
    }

    /// Bytes in all writable entries, 0 to 2^32.
    public long writableBytes() {
        return byteCount - readableBytes();
    }

    /// Bytes in all entries, 0 to 2^32.
    long byteCount() {
        return byteCount;
    }

    /// Guest physical address of an entry.
    public long address(int entry) {
        assert entry < count;
        return words[2 * entry];
    }

    /// Bytes of an entry, 0 to 2^31 - 1.
    public int length(int entry) {
        assert entry < count;
        return (int) words[2 * entry + 1];
    }

    /// The entries as they are held, for who looks at all of them at once: address and length of each in turn, in
    /// the first 2 * [#count()] words. Not to be changed.
    public long[] words() {
        return words;
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
        byteCount = 0;
    }

    /// Become a chain of three, of which the last is writable.
    ///
    /// @return false, and nothing is changed, if there is no room for three
    boolean fillThree(
            int newReadableCount,
            long firstAddress,
            long firstLength,
            long secondAddress,
            long secondLength,
            long thirdAddress,
            long thirdLength) {
        final long[] to = words;
        if (to.length < 6) {
            return false;
        }
        to[0] = firstAddress;
        to[1] = firstLength;
        to[2] = secondAddress;
        to[3] = secondLength;
        to[4] = thirdAddress;
        to[5] = thirdLength;
        count = 3;
        readableCount = newReadableCount;
        byteCount = firstLength + secondLength + thirdLength;
        return true;
    }

    /// Take over entries that were stored into the words.
    void extend(int newCount, int newReadableCount, long newByteCount) {
        assert newReadableCount <= newCount;
        count = newCount;
        readableCount = newReadableCount;
        byteCount = newByteCount;
    }

    void id(int newId) {
        id = newId;
    }

    @Nullable
    QueueFault append(long guestAddress, int length, boolean writable) {
        final int at = count;
        if (2 * at == words.length) {
            return QueueFault.CHAIN_TOO_LONG;
        }
        if (length < 0) {
            return QueueFault.DESCRIPTOR_TOO_LONG;
        }
        if (!writable) {
            if (readableCount != at) {
                return QueueFault.READABLE_AFTER_WRITABLE;
            }
            readableCount = at + 1;
        }
        byteCount += length;
        words[2 * at] = guestAddress;
        words[2 * at + 1] = length;
        count = at + 1;
        return null;
    }

    /// The rule that only a whole chain can break: at most [#BYTES_MAX].
    @Nullable
    QueueFault violation() {
        // Entries are below 2^31 and at most 2^31 in number: the sum cannot wrap.
        return byteCount > BYTES_MAX ? QueueFault.CHAIN_TOO_MANY_BYTES : null;
    }
}
