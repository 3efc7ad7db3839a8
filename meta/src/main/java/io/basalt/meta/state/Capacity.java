package io.basalt.meta.state;

import io.basalt.placement.Device;
import java.util.Map;

/// How much a set holds.
///
/// @param rawBytes of all devices that are in
/// @param usedBytes of those, as it was recorded last
/// @param usableBytes what volumes can fill: the raw capacity divided by the copies
public record Capacity(long rawBytes, long usedBytes, long usableBytes) {
    /// Adds a set's devices up.
    static Capacity of(SetRecord set, Map<Integer, DeviceRecord> devices) {
        long raw = 0;
        long used = 0;
        for (final Device place : set.map().devices()) {
            final DeviceRecord device = devices.get(place.id());
            if (device != null && place.state().in()) {
                raw = saturatedSum(raw, device.capacityBytes());
                used = saturatedSum(used, device.usedBytes());
            }
        }
        return new Capacity(raw, used, raw / set.map().copies());
    }

    private static long saturatedSum(long a, long b) {
        final long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }
}
