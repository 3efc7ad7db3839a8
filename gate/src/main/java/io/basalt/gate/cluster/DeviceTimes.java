package io.basalt.gate.cluster;

import io.basalt.wire.data.ServiceTimes;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// How long the devices of one set take for what one reactor asks, as primaries and as other copies: what tells a slow
/// one from its peers. Grows with the set's devices; counting allocates nothing.
///
/// | field | owner | others |
/// |---|---|---|
/// | the array | replaced when a device has come | volatile read |
/// | each cell | plain read, opaque write | opaque read |
final class DeviceTimes {
    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final int SERVED = 0;
    private static final int QUEUE_NS = 1;
    private static final int STORE_NS = 2;
    private static final int NETWORK_NS = 3;
    private static final int COPIED = 4;
    private static final int COPY_NS = 5;
    private static final int CELLS = 6;

    private volatile long[] cells = {};

    /// Make room for devices up to a number. Control plane, owner only.
    void upTo(int deviceId) {
        final long[] before = cells;
        if (before.length < (deviceId + 1) * CELLS) {
            final long[] more = new long[(deviceId + 1) * CELLS];
            System.arraycopy(before, 0, more, 0, before.length);
            cells = more;
        }
    }

    /// A request was served. No time is believed that is longer than the whole.
    ///
    /// @param told with [ServiceTimes]
    /// @param tookNs nanoseconds from sending it to its answer
    void count(MemorySegment told, long tookNs) {
        final long[] own = cells;
        final long queueNs = possible(ServiceTimes.queueNs(told), tookNs);
        final long storeNs = possible(ServiceTimes.storeNs(told), tookNs);
        final long firstNs = possible(ServiceTimes.replica1Ns(told), tookNs);
        final long secondNs = possible(ServiceTimes.replica2Ns(told), tookNs);
        final int device = ServiceTimes.device(told);
        if (isKnown(own, device)) {
            final long thereNs = queueNs + Math.max(storeNs, Math.max(firstNs, secondNs));
            add(own, device * CELLS + SERVED, 1);
            add(own, device * CELLS + QUEUE_NS, queueNs);
            add(own, device * CELLS + STORE_NS, storeNs);
            add(own, device * CELLS + NETWORK_NS, Math.max(0, tookNs - thereNs));
        }
        copied(own, ServiceTimes.replica1(told), firstNs);
        copied(own, ServiceTimes.replica2(told), secondNs);
    }

    /// Times come from another process.
    static long possible(long toldNs, long mostNs) {
        return Math.clamp(toldNs, 0, Math.max(0, mostNs));
    }

    private static void copied(long[] own, int device, long ns) {
        if (isKnown(own, device)) {
            add(own, device * CELLS + COPIED, 1);
            add(own, device * CELLS + COPY_NS, ns);
        }
    }

    /// Numbers come from another process.
    private static boolean isKnown(long[] own, int device) {
        return device > 0 && device < own.length / CELLS;
    }

    private static void add(long[] own, int cell, long amount) {
        CELL.setOpaque(own, cell, own[cell] + amount);
    }

    /// Number above which no device has counted anything. Any thread.
    int end() {
        return cells.length / CELLS;
    }

    /// What a device has taken. Any thread.
    DeviceTime of(int deviceId) {
        final long[] now = cells;
        if (!isKnown(now, deviceId)) {
            return DeviceTime.NONE;
        }
        final int at = deviceId * CELLS;
        return new DeviceTime(
                (long) CELL.getOpaque(now, at + SERVED),
                (long) CELL.getOpaque(now, at + QUEUE_NS),
                (long) CELL.getOpaque(now, at + STORE_NS),
                (long) CELL.getOpaque(now, at + NETWORK_NS),
                (long) CELL.getOpaque(now, at + COPIED),
                (long) CELL.getOpaque(now, at + COPY_NS));
    }
}
