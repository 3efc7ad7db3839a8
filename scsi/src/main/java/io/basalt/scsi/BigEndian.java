package io.basalt.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Numbers as SCSI lays them out in bytes: most significant byte first, at any offset.
final class BigEndian {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private BigEndian() {}

    static int load8(byte[] from, int at) {
        return from[at] & 0xff;
    }

    static int load16(byte[] from, int at) {
        return (short) SHORT.get(from, at) & 0xffff;
    }

    static long load32(byte[] from, int at) {
        return Integer.toUnsignedLong((int) INT.get(from, at));
    }

    static long load64(byte[] from, int at) {
        return (long) LONG.get(from, at);
    }

    static void store16(byte[] to, int at, int value) {
        SHORT.set(to, at, (short) value);
    }

    static void store32(byte[] to, int at, long value) {
        INT.set(to, at, (int) value);
    }

    static void store64(byte[] to, int at, long value) {
        LONG.set(to, at, value);
    }
}
