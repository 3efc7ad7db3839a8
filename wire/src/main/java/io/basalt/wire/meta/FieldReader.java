package io.basalt.wire.meta;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Reads what [FieldWriter] wrote. Trusts nothing: whatever lies outside its bounds is a [MetaFormatException] that
/// names the field. Control plane: allocates.
public final class FieldReader {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private int at;

    /// @param bytes are not copied and must not change
    public FieldReader(byte[] bytes) {
        this.bytes = bytes;
    }

    /// A reader of a copy of memory that a peer or its own buffer may overwrite later.
    public static FieldReader copyOf(MemorySegment memory, long offset, int length) {
        final byte[] copy = new byte[length];
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, copy, 0, length);
        return new FieldReader(copy);
    }

    /// One byte, 0 to 255.
    public int takeByte(String field) {
        return bytes[claim(field, Byte.BYTES)] & 0xff;
    }

    /// One byte that is 0 or 1.
    public boolean takeFlag(String field) {
        final int value = takeByte(field);
        if (value > 1) {
            throw new MetaFormatException(field + " is " + value + ", expected 0 or 1");
        }
        return value == 1;
    }

    /// Two bytes, 0 to 65535.
    public int takeShort(String field) {
        return (short) SHORT.get(bytes, claim(field, Short.BYTES)) & 0xffff;
    }

    /// Four bytes.
    public int takeInt(String field) {
        return (int) INT.get(bytes, claim(field, Integer.BYTES));
    }

    /// Four bytes within a range.
    public int takeInt(String field, int least, int most) {
        final int value = takeInt(field);
        requireRange(field, value, least, most);
        return value;
    }

    /// Eight bytes.
    public long takeLong(String field) {
        return (long) LONG.get(bytes, claim(field, Long.BYTES));
    }

    /// Eight bytes within a range.
    public long takeLong(String field, long least, long most) {
        final long value = takeLong(field);
        requireRange(field, value, least, most);
        return value;
    }

    /// A number of elements to follow, four bytes.
    ///
    /// @param leastBytes what every element takes at least: a count that the remaining bytes cannot hold is refused
    ///     before anything is allocated for it
    public int takeCount(String field, int most, int leastBytes) {
        final int count = takeInt(field, 0, most);
        if ((long) count * leastBytes > remaining()) {
            throw new MetaFormatException(field + " is " + count + ", but only " + remaining() + " bytes follow");
        }
        return count;
    }

    /// A text of UTF-8.
    ///
    /// @param bytesMax longest allowed, in bytes
    public String takeText(String field, int bytesMax) {
        final int length = takeShort(field);
        requireRange(field + " length", length, 0, bytesMax);
        final int start = claim(field, length);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes, start, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new MetaFormatException(field + " is not UTF-8");
        }
    }

    /// Bytes with their length before them.
    public byte[] takeBytes(String field, int most) {
        final int length = takeInt(field, 0, most);
        return takeRaw(field, length);
    }

    /// A given number of bytes.
    public byte[] takeRaw(String field, int length) {
        final int start = claim(field, length);
        final byte[] copy = new byte[length];
        System.arraycopy(bytes, start, copy, 0, length);
        return copy;
    }

    /// Bytes not read yet.
    public int remaining() {
        return bytes.length - at;
    }

    /// Refuse what has bytes left over: its writer knew of a field that this reader does not.
    public void requireEnd(String what) {
        if (remaining() != 0) {
            throw new MetaFormatException(what + " has " + remaining() + " bytes too many");
        }
    }

    private int claim(String field, int count) {
        if (count > remaining()) {
            throw new MetaFormatException(
                    field + " needs " + count + " bytes at offset " + at + ", " + remaining() + " are left");
        }
        final int start = at;
        at = start + count;
        return start;
    }

    private static void requireRange(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw new MetaFormatException(field + " is " + value + ", expected " + least + " to " + most);
        }
    }
}
