package io.basalt.wire.data;

import static io.basalt.wire.data.Fields.INT;
import static io.basalt.wire.data.Fields.LONG;

import java.lang.foreign.MemorySegment;

/// Body of every answer to a data message; [ServiceTimes] may follow it.
///
/// ```
///  0       4       8       16
///  ├───────┼───────┼───────┤
///  │ epoch │ count │ value │
/// ```
///
/// * `epoch`: the placement group's epoch as the answerer knows it, 0 if it knows none.
/// * `count`: COPY_SHARDS: entries in the payload; COPY_VERSIONS: versions in it; PREPARE: 1 if the
///   copy has not followed this life of the primary before; else 0.
/// * `value`: FENCED: the newer attach generation; OVERLOADED: nanoseconds to wait; PREPARE: highest
///   version the copy has seen; COPY_SHARDS: 1 if there are more; else 0.
public final class AnswerBody {
    /// Bytes of the body.
    public static final int BYTES = 16;

    private static final long EPOCH = 0;
    private static final long COUNT = 4;
    private static final long VALUE = 8;

    private AnswerBody() {}

    /// Store the whole body.
    public static void set(MemorySegment body, int epoch, int count, long value) {
        body.set(INT, EPOCH, epoch);
        body.set(INT, COUNT, count);
        body.set(LONG, VALUE, value);
    }

    /// Epoch that the answerer knows.
    public static int epoch(MemorySegment body) {
        return body.get(INT, EPOCH);
    }

    /// How many elements the payload has.
    public static int count(MemorySegment body) {
        return body.get(INT, COUNT);
    }

    /// Meaning depends on the code and the request.
    public static long value(MemorySegment body) {
        return body.get(LONG, VALUE);
    }
}
