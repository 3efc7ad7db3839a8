package io.basalt.meta.service;

import io.basalt.wire.meta.UsageReport;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/// How much of which parts the devices hold, as they have said since this metaserver began to lead: known
/// soon, kept nowhere. Sixteen bytes for each part on each device. Belongs to the service's reactor.
public final class VolumeUsage {
    private final Map<Integer, Held> devices = new HashMap<>();
    private final Map<Long, Long> totals = new HashMap<>();

    /// What one device holds.
    ///
    /// @param partIds ascending
    /// @param contentBytes of each
    @SuppressWarnings("ArrayRecordComponent") // two columns, thousands long; never compared
    private record Held(long[] partIds, long[] contentBytes) {
        static final Held NOTHING = new Held(new long[0], new long[0]);

        /// The place of the first part that is not less than one.
        int place(long partId) {
            final int found = Arrays.binarySearch(partIds, partId);
            return found < 0 ? -found - 1 : found;
        }

        Held with(int from, int to, UsageReport report) {
            final int after = partIds.length - to;
            final long[] ids = Arrays.copyOf(partIds, from + report.count() + after);
            final long[] bytes = Arrays.copyOf(contentBytes, ids.length);
            System.arraycopy(report.partIds(), 0, ids, from, report.count());
            System.arraycopy(report.contentBytes(), 0, bytes, from, report.count());
            System.arraycopy(partIds, to, ids, from + report.count(), after);
            System.arraycopy(contentBytes, to, bytes, from + report.count(), after);
            return new Held(ids, bytes);
        }
    }

    VolumeUsage() {}

    /// Nothing is known.
    void clear() {
        devices.clear();
        totals.clear();
    }

    /// A device has said what it holds of a range of parts.
    void reported(UsageReport report) {
        final Held before = devices.getOrDefault(report.deviceId(), Held.NOTHING);
        final int from = before.place(report.from());
        final int to = report.to() == Long.MAX_VALUE ? before.partIds.length : before.place(report.to() + 1);
        for (int place = from; place < to; place++) {
            add(before.partIds[place], -before.contentBytes[place]);
        }
        for (int index = 0; index < report.count(); index++) {
            add(report.partIds()[index], report.contentBytes()[index]);
        }
        devices.put(report.deviceId(), before.with(from, to, report));
    }

    private void add(long partId, long bytes) {
        final long sum = totals.getOrDefault(partId, 0L) + bytes;
        if (sum == 0) {
            totals.remove(partId);
        } else {
            totals.put(partId, sum);
        }
    }

    /// What all copies of a part hold together, bytes; 0 if nobody has said.
    public long contentBytes(long partId) {
        return totals.getOrDefault(partId, 0L);
    }

    /// Tell of each part of which any device holds something.
    public void forEachPart(LongConsumer partId) {
        totals.keySet().forEach(partId::accept);
    }
}
