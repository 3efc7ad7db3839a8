package io.basalt.wire.data;

import static io.basalt.wire.data.Fields.INT;
import static io.basalt.wire.data.Fields.LONG;

import java.lang.foreign.MemorySegment;

/// Where the time of a request has gone at its primary: what follows [AnswerBody] in the answer OK to a READ, WRITE,
/// DISCARD or WRITE_ZEROES. From version 2 of the protocol on; an answer may also be without it.
///
/// ```
///  16       20         24         28  32      40       48           56           64
///  ├────────┼──────────┼──────────┼───┼───────┼────────┼────────────┼────────────┤
///  │ device │ replica1 │ replica2 │ 0 │ queue │ store  │ replica1Ns │ replica2Ns │
/// ```
///
/// * `device`: number of the primary's device; `replica1`, `replica2`: of the two other copies that took
///   longest, in the order of the group's copies; 0 for none.
/// * `queue`: nanoseconds from the request's arrival to its begin; `store`, `replica1Ns`, `replica2Ns`:
///   nanoseconds from its begin until the device's own store, and those copies, had done it. These go on
///   side by side.
///
/// They are for people: nothing follows from them. A gate does not trust them to be possible.
public final class ServiceTimes {
    /// Bytes of an answer's body with them.
    public static final int BYTES = 64;

    private static final long DEVICE = 16;
    private static final long REPLICA_1 = 20;
    private static final long REPLICA_2 = 24;
    private static final long RESERVED = 28;
    private static final long QUEUE_NS = 32;
    private static final long STORE_NS = 40;
    private static final long REPLICA_1_NS = 48;
    private static final long REPLICA_2_NS = 56;

    private ServiceTimes() {}

    /// Store what the primary itself has taken, and that there is no other copy.
    public static void set(MemorySegment body, int device, long queueNs, long storeNs) {
        body.set(INT, DEVICE, device);
        body.set(INT, RESERVED, 0);
        body.set(LONG, QUEUE_NS, queueNs);
        body.set(LONG, STORE_NS, storeNs);
        replicas(body, 0, 0, 0, 0);
    }

    /// Store what other copies have taken; 0 for none.
    public static void replicas(MemorySegment body, int replica1, long ns1, int replica2, long ns2) {
        body.set(INT, REPLICA_1, replica1);
        body.set(INT, REPLICA_2, replica2);
        body.set(LONG, REPLICA_1_NS, ns1);
        body.set(LONG, REPLICA_2_NS, ns2);
    }

    /// Number of the primary's device.
    public static int device(MemorySegment body) {
        return body.get(INT, DEVICE);
    }

    /// Device of one other copy; 0 for none.
    public static int replica1(MemorySegment body) {
        return body.get(INT, REPLICA_1);
    }

    /// Device of another; 0 for none.
    public static int replica2(MemorySegment body) {
        return body.get(INT, REPLICA_2);
    }

    /// Nanoseconds before it was begun.
    public static long queueNs(MemorySegment body) {
        return body.get(LONG, QUEUE_NS);
    }

    /// Nanoseconds until the primary's own store had done it.
    public static long storeNs(MemorySegment body) {
        return body.get(LONG, STORE_NS);
    }

    /// Nanoseconds until that copy had done it.
    public static long replica1Ns(MemorySegment body) {
        return body.get(LONG, REPLICA_1_NS);
    }

    /// Nanoseconds until that copy had done it.
    public static long replica2Ns(MemorySegment body) {
        return body.get(LONG, REPLICA_2_NS);
    }
}
