package io.basalt.scsi;

/// Parameter data being made for an initiator: bytes that grow from the front. One owner thread.
final class ParameterData {
    /// Most bytes that any command answers.
    static final int CAPACITY = 16 << 10;

    private final byte[] bytes = new byte[CAPACITY];
    private int length;

    void clear() {
        length = 0;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    ParameterData put8(int value) {
        bytes[length] = (byte) value;
        length++;
        return this;
    }

    ParameterData put16(int value) {
        BigEndian.store16(bytes, length, value);
        length += Short.BYTES;
        return this;
    }

    ParameterData put32(long value) {
        BigEndian.store32(bytes, length, value);
        length += Integer.BYTES;
        return this;
    }

    ParameterData put64(long value) {
        BigEndian.store64(bytes, length, value);
        length += Long.BYTES;
        return this;
    }

    ParameterData zeros(int count) {
        for (int i = 0; i < count; i++) {
            put8(0);
        }
        return this;
    }

    ParameterData put(byte[] from) {
        System.arraycopy(from, 0, bytes, length, from.length);
        length += from.length;
        return this;
    }

    /// ASCII text, cut or padded with spaces.
    ParameterData text(String text, int width) {
        for (int i = 0; i < width; i++) {
            final char at = i < text.length() ? text.charAt(i) : ' ';
            put8(at >= ' ' && at <= '~' ? at : '?');
        }
        return this;
    }

    void set16(int at, int value) {
        BigEndian.store16(bytes, at, value);
    }

    void set32(int at, long value) {
        BigEndian.store32(bytes, at, value);
    }

    void set8(int at, int value) {
        bytes[at] = (byte) value;
    }
}
