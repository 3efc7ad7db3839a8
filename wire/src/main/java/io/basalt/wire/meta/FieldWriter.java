package io.basalt.wire.meta;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A growing row of little-endian fields without padding, read back by [FieldReader]. Control plane: allocates.
public final class FieldWriter {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int FIRST_BYTES = 128;

    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;

    /// Append one byte.
    ///
    /// @param value 0 to 255
    public FieldWriter putByte(int value) {
        require(value >= 0 && value <= 0xff, "byte", value);
        final int at = claim(Byte.BYTES);
        bytes[at] = (byte) value;
        return this;
    }

    /// Append one byte, 1 for true and 0 for false.
    public FieldWriter putFlag(boolean value) {
        return putByte(value ? 1 : 0);
    }

    /// Append two bytes.
    ///
    /// @param value 0 to 65535
    public FieldWriter putShort(int value) {
        require(value >= 0 && value <= 0xffff, "short", value);
        final int at = claim(Short.BYTES);
        SHORT.set(bytes, at, (short) value);
        return this;
    }

    /// Append four bytes.
    public FieldWriter putInt(int value) {
        final int at = claim(Integer.BYTES);
        INT.set(bytes, at, value);
        return this;
    }

    /// Append eight bytes.
    public FieldWriter putLong(long value) {
        final int at = claim(Long.BYTES);
        LONG.set(bytes, at, value);
        return this;
    }

    /// Append a text: two bytes of length, then UTF-8.
    ///
    /// @param value at most 65535 bytes of UTF-8
    public FieldWriter putText(String value) {
        final byte[] text = value.getBytes(StandardCharsets.UTF_8);
        putShort(text.length);
        return putRaw(text);
    }

    /// Append bytes: four bytes of length, then the bytes.
    public FieldWriter putBytes(byte[] value) {
        putInt(value.length);
        return putRaw(value);
    }

    /// Append bytes as they are.
    public FieldWriter putRaw(byte[] value) {
        final int at = claim(value.length);
        System.arraycopy(value, 0, bytes, at, value.length);
        return this;
    }

    /// Bytes written.
    public int length() {
        return length;
    }

    /// A copy of what was written.
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }

    private int claim(int count) {
        final int at = length;
        final int end = Math.addExact(at, count);
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, Math.min(bytes.length, Integer.MAX_VALUE / 4) * 2));
        }
        length = end;
        return at;
    }

    private static void require(boolean condition, String field, int value) {
        if (!condition) {
            throw new IllegalArgumentException(field + " is " + value + ", does not fit its field");
        }
    }
}
