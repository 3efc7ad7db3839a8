package io.basalt.meta.service;

import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.NodeRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Which nodes answer, and what their devices say. Proposes commands when that differs from what is recorded.
///
/// A node is up when its heartbeats come and, if it keeps shards, it has acknowledged all attach generations. It is
/// down when none has come for the time-out. A metaserver that has just begun to lead gives every node a time-out's
/// grace: it has not heard of any yet.
final class Liveness {
    /// Use is recorded when it has changed by more than this share of the capacity: not with every heartbeat.
    private static final int USAGE_STEPS = 128;

    private final Supplier<MetaState> state;
    private final Proposals proposals;
    private final Fences fences;
    private final long timeoutNs;
    private final Map<Integer, Long> heardNs = new TreeMap<>();
    private final Map<Integer, DeviceReport> reports = new TreeMap<>();
    private final IoRates rates = new IoRates();
    private final Set<Integer> marking = new TreeSet<>();
    private final Set<Integer> recording = new TreeSet<>();

    Liveness(Proposals proposals, Fences fences, long timeoutNs) {
        this.state = proposals::state;
        this.proposals = proposals;
        this.fences = fences;
        this.timeoutNs = timeoutNs;
    }

    /// Begin to lead: nothing was heard before.
    void begin(long nowNs) {
        heardNs.clear();
        reports.clear();
        rates.clear();
        marking.clear();
        recording.clear();
        for (final NodeRecord node : state.get().nodes()) {
            if (node.up()) {
                heardNs.put(node.id(), nowNs);
            }
        }
    }

    /// A node has given a sign of life.
    void heard(int nodeId, long nowNs) {
        heardNs.put(nodeId, nowNs);
    }

    /// What a device has said last, null if nothing.
    @Nullable
    DeviceReport report(int deviceId) {
        return reports.get(deviceId);
    }

    /// What a device does for gates at present.
    IoRate rate(int deviceId, long nowNs) {
        return rates.of(deviceId, nowNs, timeoutNs);
    }

    /// A node has said how its devices are doing. What is not its own is passed over.
    void reported(int nodeId, List<DeviceReport> devices, long nowNs) {
        final List<RecordUsage.Usage> usages = new ArrayList<>();
        for (final DeviceReport report : devices) {
            final DeviceRecord device = state.get().device(report.deviceId());
            if (device == null || device.nodeId() != nodeId) {
                continue;
            }
            reports.put(report.deviceId(), report);
            rates.heard(report.deviceId(), report.io(), nowNs);
            if (differs(device, report) && recording.add(device.id())) {
                usages.add(new RecordUsage.Usage(
                        device.id(), report.usedBytes(), report.capacityBytes(), report.failed()));
            }
        }
        if (!usages.isEmpty()) {
            proposals.propose(
                    new RecordUsage(usages), result -> usages.forEach(usage -> recording.remove(usage.deviceId())));
        }
    }

    /// Compare what was heard with what is recorded.
    void check(long nowNs) {
        for (final NodeRecord node : state.get().nodes()) {
            final Long heard = heardNs.get(node.id());
            final boolean answers = heard != null && nowNs - heard < timeoutNs;
            final boolean ready = node.role() == NodeRole.GATE || fences.caughtUp(node.id());
            if (node.up() && !answers) {
                mark(node.id(), false);
            } else if (!node.up() && answers && ready) {
                mark(node.id(), true);
            }
        }
    }

    /// Record that a node answers, though it may be recorded so already: its devices may have changed.
    void markUp(int nodeId) {
        mark(nodeId, true);
    }

    private void mark(int nodeId, boolean up) {
        if (marking.add(nodeId)) {
            proposals.propose(new MetaCommand.MarkNode(nodeId, up), result -> marking.remove(nodeId));
        }
    }

    private static boolean differs(DeviceRecord device, DeviceReport report) {
        final long step = device.capacityBytes() / USAGE_STEPS;
        return device.failed() != report.failed()
                || device.capacityBytes() != report.capacityBytes()
                || Math.abs(device.usedBytes() - report.usedBytes()) > step;
    }
}
