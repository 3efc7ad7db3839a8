package io.basalt.gate.rpc;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A splitter of a byte stream into JSON objects and arrays that follow one another without a delimiter.
///
/// It knows strings and brackets only; whether a value is well formed, the parser says. Every byte is looked at
/// once. Memory is bounded by one value's limit and one [#feed].
///
/// ```
///            { [             last } ]
/// ┌─────────┐──────▶┌───────┐──────────▶ a value, then between again
/// │ between │       │ value │─┐ "
/// └─────────┘       └───────┘◀┘ string, with \ escapes
///      │ other than space │ longer or deeper than the limit
///      ▼                  ▼
///   broken             broken      (for good)
/// ```
public final class JsonStream {
    private static final int CAPACITY_MIN = 4096;

    private final int bytesMax;
    private final int depthMax;
    private byte[] buffer = new byte[CAPACITY_MIN];

    /// Bytes before are done with; the value begins here.
    private int start;

    /// Bytes before have been looked at.
    private int position;

    /// Bytes before are filled.
    private int end;

    private int depth;
    private boolean inString;
    private boolean escaped;
    private @Nullable String violation;

    /// @param bytesMax longest value, in bytes
    /// @param depthMax deepest nesting
    public JsonStream(int bytesMax, int depthMax) {
        this.bytesMax = bytesMax;
        this.depthMax = depthMax;
    }

    /// Take the stream's next bytes. Does nothing once the stream is broken.
    public void feed(byte[] bytes, int offset, int length) {
        if (violation != null) {
            return;
        }
        makeRoom(length);
        System.arraycopy(bytes, offset, buffer, end, length);
        end += length;
    }

    /// The next whole value's bytes; null if it is not whole yet or the stream is broken.
    public byte @Nullable [] next() {
        while (violation == null && position < end) {
            final byte current = buffer[position++];
            if (depth == 0) {
                begin(current);
            } else if (inString) {
                string(current);
            } else if (structure(current)) {
                return take();
            }
            if (violation == null && position - start > bytesMax) {
                violation = "a value is longer than " + bytesMax + " bytes";
            }
        }
        return null;
    }

    /// Why the stream cannot be split any further, or null.
    public @Nullable String violation() {
        return violation;
    }

    private void begin(byte current) {
        if (current == '{' || current == '[') {
            start = position - 1;
            depth = 1;
        } else if (current == ' ' || current == '\n' || current == '\r' || current == '\t') {
            start = position;
        } else {
            violation = "a request must begin with '{' or '[', not with byte 0x" + Integer.toHexString(current & 0xff);
        }
    }

    private void string(byte current) {
        if (escaped) {
            escaped = false;
        } else if (current == '\\') {
            escaped = true;
        } else if (current == '"') {
            inString = false;
        }
    }

    /// True if this byte ends the value.
    private boolean structure(byte current) {
        switch (current) {
            case '"' -> inString = true;
            case '{', '[' -> {
                depth++;
                if (depth > depthMax) {
                    violation = "a value is nested deeper than " + depthMax;
                }
            }
            case '}', ']' -> depth--;
            default -> {}
        }
        return depth == 0;
    }

    private byte @Nullable [] take() {
        if (position - start > bytesMax) {
            violation = "a value is longer than " + bytesMax + " bytes";
            return null;
        }
        final byte[] value = Arrays.copyOfRange(buffer, start, position);
        start = position;
        if (start == end) {
            start = 0;
            position = 0;
            end = 0;
            if (buffer.length > CAPACITY_MIN * 16) {
                buffer = new byte[CAPACITY_MIN];
            }
        }
        return value;
    }

    private void makeRoom(int length) {
        if (length <= buffer.length - end) {
            return;
        }
        final int held = end - start;
        final int capacity = Math.max(buffer.length, Integer.highestOneBit(held + length) << 1);
        final byte[] target = capacity == buffer.length ? buffer : new byte[capacity];
        System.arraycopy(buffer, start, target, 0, held);
        buffer = target;
        position -= start;
        end = held;
        start = 0;
    }
}
