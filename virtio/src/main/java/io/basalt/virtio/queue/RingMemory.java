package io.basalt.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Loads and stores on memory shared with the other side of a ring, bounds-checked, for what is not on the
/// way of every request ([io.basalt.linux.memory.HostMemory] is): little-endian (virtio 1), each a single
/// access of its width. Plain ones work at any address, ordered ones at multiples of their width.
///
/// A 16-bit load answers 0 to 65535. Allocates nothing; any thread.
public final class RingMemory {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BYTE_HANDLE =
            ValueLayout.JAVA_BYTE.varHandle().withInvokeExactBehavior();
    private static final VarHandle SHORT_HANDLE = ValueLayout.JAVA_SHORT
            .withOrder(ByteOrder.LITTLE_ENDIAN)
            .varHandle()
            .withInvokeExactBehavior();
    private static final VarHandle LONG_HANDLE =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    private RingMemory() {}

    /// Load 8 bits.
    public static int load8(MemorySegment memory, long offset) {
        return memory.get(BYTE, offset) & 0xff;
    }

    /// Load 16 bits.
    public static int load16(MemorySegment memory, long offset) {
        return memory.get(SHORT, offset) & 0xffff;
    }

    /// Load 32 bits.
    public static int load32(MemorySegment memory, long offset) {
        return memory.get(INT, offset);
    }

    /// Load 64 bits.
    public static long load64(MemorySegment memory, long offset) {
        return memory.get(LONG, offset);
    }

    /// Load 16 bits; no later access moves before it.
    public static int loadAcquire16(MemorySegment memory, long offset) {
        return (short) SHORT_HANDLE.getAcquire(memory, offset) & 0xffff;
    }

    /// Load 64 bits; no later access moves before it.
    public static long loadAcquire64(MemorySegment memory, long offset) {
        return (long) LONG_HANDLE.getAcquire(memory, offset);
    }

    /// Store 8 bits.
    public static void store8(MemorySegment memory, long offset, int value) {
        memory.set(BYTE, offset, (byte) value);
    }

    /// Store 16 bits.
    public static void store16(MemorySegment memory, long offset, int value) {
        memory.set(SHORT, offset, (short) value);
    }

    /// Store 32 bits.
    public static void store32(MemorySegment memory, long offset, int value) {
        memory.set(INT, offset, value);
    }

    /// Store 64 bits.
    public static void store64(MemorySegment memory, long offset, long value) {
        memory.set(LONG, offset, value);
    }

    /// Store 8 bits; no earlier access moves behind it.
    public static void storeRelease8(MemorySegment memory, long offset, int value) {
        BYTE_HANDLE.setRelease(memory, offset, (byte) value);
    }

    /// Store 16 bits; no earlier access moves behind it.
    public static void storeRelease16(MemorySegment memory, long offset, int value) {
        SHORT_HANDLE.setRelease(memory, offset, (short) value);
    }

    /// Store 64 bits; no earlier access moves behind it.
    public static void storeRelease64(MemorySegment memory, long offset, long value) {
        LONG_HANDLE.setRelease(memory, offset, value);
    }
}
