package io.basalt.linux.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Loads and stores at absolute addresses of this process: little-endian, each a single access of its width, **not
/// bounds-checked**. For the few places on the data path that have checked the address themselves, once for many
/// accesses: ring areas, whose bounds are checked when a queue is set up, and what a `GuestMemory` has translated.
/// Everything else uses segments.
///
/// An access is at an offset, 0 to 2^31 - 1, from a base, which is below 2^47, as all of a process's memory is; of
/// numbers that are not, the bits above are ignored. Memory that is not mapped ends the process; that whose file
/// was truncated raises an `InternalError`, as with segments. Plain accesses work at any address, ordered ones at
/// multiples of their width. An 8 or 16-bit load answers an unsigned number. Allocates nothing; any thread.
public final class HostMemory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    // What bases and offsets can be. With it the compiler knows that their sum is inside ALL and drops a comparison
    // that can never fail; accesses from one base share the work, and a small offset costs none.
    private static final long BASE_MASK = (1L << 47) - 1;
    private static final long OFFSET_MASK = (1L << 31) - 1;

    private HostMemory() {}

    private static long at(long base, long offset) {
        return (base & BASE_MASK) + (offset & OFFSET_MASK);
    }

    /// Load 16 bits.
    public static int load16(long base, long offset) {
        return ALL.get(SHORT, at(base, offset)) & 0xffff;
    }

    /// Load 32 bits.
    public static int load32(long base, long offset) {
        return ALL.get(INT, at(base, offset));
    }

    /// Load 64 bits.
    public static long load64(long base, long offset) {
        return ALL.get(LONG, at(base, offset));
    }

    /// Load 16 bits; no later access moves before it.
    public static int loadAcquire16(long base, long offset) {
        final int value = ALL.get(SHORT, at(base, offset)) & 0xffff;
        VarHandle.acquireFence();
        return value;
    }

    /// Load 64 bits; no later access moves before it.
    public static long loadAcquire64(long base, long offset) {
        final long value = ALL.get(LONG, at(base, offset));
        VarHandle.acquireFence();
        return value;
    }

    /// Store 8 bits.
    public static void store8(long base, long offset, int value) {
        ALL.set(BYTE, at(base, offset), (byte) value);
    }

    /// Store 16 bits.
    public static void store16(long base, long offset, int value) {
        ALL.set(SHORT, at(base, offset), (short) value);
    }

    /// Store 32 bits.
    public static void store32(long base, long offset, int value) {
        ALL.set(INT, at(base, offset), value);
    }

    /// Store 64 bits.
    public static void store64(long base, long offset, long value) {
        ALL.set(LONG, at(base, offset), value);
    }

    /// Store 16 bits; no earlier access moves behind it.
    public static void storeRelease16(long base, long offset, int value) {
        VarHandle.releaseFence();
        ALL.set(SHORT, at(base, offset), (short) value);
    }

    /// Store 64 bits; no earlier access moves behind it.
    public static void storeRelease64(long base, long offset, long value) {
        VarHandle.releaseFence();
        ALL.set(LONG, at(base, offset), value);
    }
}
