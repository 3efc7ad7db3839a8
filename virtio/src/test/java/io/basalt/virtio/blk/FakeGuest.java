package io.basalt.virtio.blk;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A guest's memory: two regions that touch, and a third behind a hole; and what a driver puts into it.
///
/// ```
/// guest   0x10000          0x20000          0x30000   hole   2^64 - 0x10000
///         |  region 0      |  region 1      |                |  region 2    |
///         |  ring  data    |  data          |                |              |
/// ```
final class FakeGuest implements AutoCloseable {
    static final int REGION_LENGTH = 0x10000;
    static final long START = 0x10000;
    static final long SEAM = START + REGION_LENGTH;
    static final long END = SEAM + REGION_LENGTH;
    static final long TOP = -REGION_LENGTH;
    /// Where the rig's ring is; what lies behind it, up to [#SEAM], is for data.
    static final long DATA = START + 0x8000;

    private static final long USER_START = 0x7f00_0000_0000L;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment low = arena.allocate(REGION_LENGTH, 4096);
    private final MemorySegment high = arena.allocate(REGION_LENGTH, 4096);
    private final MemorySegment top = arena.allocate(REGION_LENGTH, 4096);
    private long next = DATA;

    /// The memory table, a new one at each call.
    GuestMemory memory() {
        return GuestMemory.of(List.of(
                new GuestRegion(START, USER_START, low),
                new GuestRegion(SEAM, USER_START + 0x100_0000, high),
                new GuestRegion(TOP, USER_START + 0x200_0000, top)));
    }

    /// Region 0, where the ring is.
    MemorySegment ringRegion() {
        return low;
    }

    static long userAddress(long ringAddress) {
        return ringAddress - START + USER_START;
    }

    /// Forget all that was placed.
    void clear() {
        next = DATA;
    }

    /// Room for some bytes.
    long place(int length) {
        final long at = next;
        next += length;
        assert next <= END;
        return at;
    }

    /// A request header in guest memory.
    long placeHeader(int type, long sector) {
        final long at = place(BlkSpec.HEADER_LENGTH);
        setInt(at, type);
        setInt(at + 4, 0);
        setLong(at + 8, sector);
        return at;
    }

    /// A discard or write zeroes segment.
    void setSegment(long address, long sector, int sectors, int flags) {
        setLong(address, sector);
        setInt(address + 8, sectors);
        setInt(address + 12, flags);
    }

    void setInt(long address, int value) {
        for (int i = 0; i < Integer.BYTES; i++) {
            setByte(address + i, value >> (8 * i));
        }
    }

    void setLong(long address, long value) {
        setInt(address, (int) value);
        setInt(address + 4, (int) (value >> 32));
    }

    byte getByte(long address) {
        return region(address).get(JAVA_BYTE, offset(address));
    }

    void setByte(long address, int value) {
        region(address).set(JAVA_BYTE, offset(address), (byte) value);
    }

    /// Copy a range around [#SEAM], or any other within [#START] and [#END], out of guest memory.
    void copyOut(long address, byte[] to) {
        final int beforeSeam = Math.clamp(SEAM - address, 0, to.length);
        MemorySegment.copy(low, JAVA_BYTE, address - START, to, 0, beforeSeam);
        MemorySegment.copy(high, JAVA_BYTE, address + beforeSeam - SEAM, to, beforeSeam, to.length - beforeSeam);
    }

    /// Copy into guest memory.
    void copyIn(long address, byte[] from) {
        final int beforeSeam = Math.clamp(SEAM - address, 0, from.length);
        MemorySegment.copy(from, 0, low, JAVA_BYTE, address - START, beforeSeam);
        MemorySegment.copy(from, beforeSeam, high, JAVA_BYTE, address + beforeSeam - SEAM, from.length - beforeSeam);
    }

    byte[] getBytes(long address, int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = getByte(address + i);
        }
        return bytes;
    }

    void setBytes(long address, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            setByte(address + i, bytes[i]);
        }
    }

    private MemorySegment region(long address) {
        if (address < 0) {
            return top;
        }
        return address < SEAM ? low : high;
    }

    private static long offset(long address) {
        return address < 0 ? address - TOP : (address - START) % REGION_LENGTH;
    }

    /// A chain as drivers build it: header, readable data, writable data, status.
    static DescriptorChain chain(long header, long readable, int readableLength, long writable, int writableLength) {
        final DescriptorChain chain = new DescriptorChain(4);
        chain.addReadable(header, BlkSpec.HEADER_LENGTH);
        if (readableLength > 0) {
            chain.addReadable(readable, readableLength);
        }
        chain.addWritable(writable, writableLength);
        return chain;
    }

    @Override
    public void close() {
        arena.close();
    }
}
