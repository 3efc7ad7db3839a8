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
/// An address is below 2^47, as all of a process's memory is; of one that is not, the bits above are ignored. One
/// that is not mapped ends the process; one whose file was truncated raises an `InternalError`, as with
/// segments. Plain accesses work at any address, ordered ones at multiples of their width. An 8 or 16-bit load
/// answers an unsigned number. Allocates nothing; any thread.
public final class HostMemory {
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT_HANDLE = ValueLayout.JAVA_SHORT
            .withOrder(ByteOrder.LITTLE_ENDIAN)
            .varHandle()
            .withInvokeExactBehavior();

    private static final VarHandle LONG_HANDLE =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    /// What an address of a process can be. With it the compiler knows that an address is inside [#ALL],
    /// and drops a comparison that can never fail.
    private static final long ADDRESS_MASK = (1L << 47) - 1;

    private HostMemory() {}

    /// Load 16 bits.
    public static int load16(long address) {
        return ALL.get(SHORT, address & ADDRESS_MASK) & 0xffff;
    }

    /// Load 32 bits.
    public static int load32(long address) {
        return ALL.get(INT, address & ADDRESS_MASK);
    }

    /// Load 64 bits.
    public static long load64(long address) {
        return ALL.get(LONG, address & ADDRESS_MASK);
    }

    /// Load 16 bits; no later access moves before it.
    public static int loadAcquire16(long address) {
        return (short) SHORT_HANDLE.getAcquire(ALL, address & ADDRESS_MASK) & 0xffff;
    }

    /// Load 64 bits; no later access moves before it.
    public static long loadAcquire64(long address) {
        return (long) LONG_HANDLE.getAcquire(ALL, address & ADDRESS_MASK);
    }

    /// Store 8 bits.
    public static void store8(long address, int value) {
        ALL.set(BYTE, address & ADDRESS_MASK, (byte) value);
    }

    /// Store 16 bits.
    public static void store16(long address, int value) {
        ALL.set(SHORT, address & ADDRESS_MASK, (short) value);
    }

    /// Store 32 bits.
    public static void store32(long address, int value) {
        ALL.set(INT, address & ADDRESS_MASK, value);
    }

    /// Store 64 bits.
    public static void store64(long address, long value) {
        ALL.set(LONG, address & ADDRESS_MASK, value);
    }

    /// Store 16 bits; no earlier access moves behind it.
    public static void storeRelease16(long address, int value) {
        SHORT_HANDLE.setRelease(ALL, address & ADDRESS_MASK, (short) value);
    }

    /// Store 64 bits; no earlier access moves behind it.
    public static void storeRelease64(long address, long value) {
        LONG_HANDLE.setRelease(ALL, address & ADDRESS_MASK, value);
    }
}
