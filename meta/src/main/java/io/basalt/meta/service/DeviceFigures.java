package io.basalt.meta.service;

import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.Device;
import io.basalt.wire.meta.DeviceReport;
import java.util.function.Supplier;

/// What is known of devices by what they have said last, one by one and added up.
final class DeviceFigures {
    private final Supplier<MetaState> state;
    private final Liveness liveness;

    DeviceFigures(Supplier<MetaState> state, Liveness liveness) {
        this.state = state;
        this.liveness = liveness;
    }

    /// What shards take of a set's devices.
    long usedBytes(SetRecord set) {
        long used = 0;
        for (final Device place : set.map().devices()) {
            final DeviceReport report = liveness.report(place.id());
            final DeviceRecord device = state.get().device(place.id());
            if (place.state().in() && device != null) {
                used += report == null ? device.usedBytes() : report.usedBytes();
            }
        }
        return used;
    }

    /// What has been written to a set's devices and not discarded, all copies.
    long contentBytes(SetRecord set) {
        long content = 0;
        for (final Device place : set.map().devices()) {
            final DeviceReport report = liveness.report(place.id());
            content += report == null ? 0 : report.contentBytes();
        }
        return content;
    }

    /// What all devices of all sets do for gates.
    IoRate rate(long nowNs) {
        IoRate sum = IoRate.NONE;
        for (final DeviceRecord device : state.get().devices()) {
            sum = sum.plus(liveness.rate(device.id(), nowNs));
        }
        return sum;
    }

    /// Whether a device gives errors and serves nothing any more.
    boolean failed(int deviceId) {
        final DeviceReport report = liveness.report(deviceId);
        final DeviceRecord device = state.get().device(deviceId);
        return device != null && (device.failed() || (report != null && report.failed()));
    }
}
