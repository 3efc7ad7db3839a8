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
/// A node is up when its heartbeats come and, if it keeps shards, it has acknowledged all attach generations; one that
/// comes and goes, only after a pause ([Steadiness]). It is down when no heartbeat has come for the time-out, when its
/// process has ended the connection and none has registered in its place, and when it has said that it stops. A
/// metaserver that has just begun to lead gives every node a few time-outs' grace: it has not heard of any yet, and
/// all of them have to connect and register first.
final class Liveness {
    /// Use is recorded when it has changed by more than this share of the capacity: not with every heartbeat.
    private static final int USAGE_STEPS = 128;

    /// Time-outs that a node has to be heard of by a metaserver that has just begun to lead.
    private static final int GRACES = 5;

    private final Supplier<MetaState> state;
    private final Proposals proposals;
    private final Fences fences;
    private final long timeoutNs;
    private final Map<Integer, Long> heardNs = new TreeMap<>();
    private final Map<Integer, DeviceReport> reports = new TreeMap<>();
    private final IoRates rates = new IoRates();
    private final Steadiness steadiness = new Steadiness();
    private final Set<Integer> leaving = new TreeSet<>();
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
        steadiness.clear();
        leaving.clear();
        marking.clear();
        recording.clear();
        for (final NodeRecord node : state.get().nodes()) {
            if (node.up()) {
                heardNs.put(node.id(), nowNs + (GRACES - 1) * timeoutNs);
            }
        }
    }

    /// A node has registered: its process has begun anew, or has a new connection.
    void registered(int nodeId, long nowNs) {
        leaving.remove(nodeId);
        heardNs.put(nodeId, nowNs);
        recordMissing(nodeId);
    }

    /// A device that its node does not present any more, because what is on it cannot be used or it is not
    /// there, has failed as far as others are concerned: nothing comes of waiting for it. Should it be
    /// presented again, it is as good as any.
    private void recordMissing(int nodeId) {
        final List<RecordUsage.Usage> usages = new ArrayList<>();
        for (final DeviceRecord device : state.get().devices()) {
            if (device.nodeId() == nodeId && !device.present()) {
                reports.remove(device.id());
                if (!device.failed() && recording.add(device.id())) {
                    usages.add(new RecordUsage.Usage(device.id(), device.usedBytes(), device.capacityBytes(), true));
                }
            }
        }
        record(usages);
    }

    /// A node has given a sign of life.
    void heard(int nodeId, long nowNs) {
        if (!leaving.contains(nodeId)) {
            heardNs.put(nodeId, nowNs);
        }
    }

    /// A node is gone: its process has ended. It is down until it is heard of again.
    void gone(int nodeId, long nowNs) {
        heardNs.remove(nodeId);
        final NodeRecord node = state.get().node(nodeId);
        if (node != null && node.up()) {
            mark(nodeId, false, nowNs);
        }
    }

    /// A node is about to stop: it is down from now on, whatever is heard of it, until it registers anew. That is no
    /// fault of it.
    void leaves(int nodeId, ResultListener listener) {
        leaving.add(nodeId);
        heardNs.remove(nodeId);
        marking.add(nodeId);
        proposals.propose(new MetaCommand.MarkNode(nodeId, false), result -> {
            marking.remove(nodeId);
            listener.ended(result);
        });
    }

    /// Whether a node that answers may be up again already.
    boolean mayRise(int nodeId, long nowNs) {
        return !leaving.contains(nodeId) && steadiness.mayRise(nodeId, nowNs);
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
        record(usages);
    }

    private void record(List<RecordUsage.Usage> usages) {
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
                mark(node.id(), false, nowNs);
            } else if (!node.up() && answers && ready && mayRise(node.id(), nowNs)) {
                mark(node.id(), true, nowNs);
            }
        }
    }

    /// Record that a node answers, though it may be recorded so already: its devices may have changed.
    void markUp(int nodeId, long nowNs) {
        mark(nodeId, true, nowNs);
    }

    private void mark(int nodeId, boolean up, long nowNs) {
        if (marking.add(nodeId)) {
            if (up) {
                steadiness.rose(nodeId, nowNs);
            } else {
                steadiness.fell(nodeId, nowNs);
            }
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
