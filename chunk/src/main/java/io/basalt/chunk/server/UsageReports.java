package io.basalt.chunk.server;

import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.UsageReport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/// What the metaserver has been told of how much one device holds: only what has changed is said again.
/// Lives in the control reactor.
final class UsageReports {
    private final Map<Long, byte[]> told = new HashMap<>();

    /// The metaserver may have forgotten everything.
    void forget() {
        told.clear();
    }

    /// Tell what has changed.
    ///
    /// @param sums part → bytes
    void tell(MetaClient client, int deviceId, NavigableMap<Long, Long> sums) {
        final List<Long> parts = new ArrayList<>(sums.keySet());
        long from = 1;
        for (int first = 0; first == 0 || first < parts.size(); first += UsageReport.COUNT_MAX) {
            final int end = Math.min(parts.size(), first + UsageReport.COUNT_MAX);
            final long to = end == parts.size() ? Long.MAX_VALUE : parts.get(end - 1);
            final long[] partIds = parts.subList(first, end).stream()
                    .mapToLong(Long::longValue)
                    .toArray();
            final long[] bytes = Arrays.stream(partIds).map(sums::get).toArray();
            tell(client, new UsageReport(client.nodeId(), deviceId, from, to, partIds, bytes));
            from = to + 1;
        }
    }

    private void tell(MetaClient client, UsageReport report) {
        final byte[] content = report.toContent();
        if (Arrays.equals(told.get(report.from()), content)) {
            return;
        }
        client.report(report, new MetaReply<>() {
            @Override
            public void done(Boolean answer) {
                told.put(report.from(), content);
            }

            @Override
            public void refused(MetaCode code, String reason) {
                // The next walk says it again.
                told.remove(report.from());
            }
        });
    }
}
