package io.basalt.placement;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The devices of a map by number from 0, with the number of the failure domain that each stands in. Immutable.
final class DeviceIndex {
    private final List<Device> devices;
    private final Map<Integer, Integer> indexOfId = new HashMap<>();
    private final Map<FailureDomain, int[]> domainNumbers = new EnumMap<>(FailureDomain.class);

    DeviceIndex(List<Device> devices) {
        this.devices = devices;
        for (int index = 0; index < devices.size(); index++) {
            indexOfId.put(devices.get(index).id(), index);
        }
        for (final FailureDomain domain : FailureDomain.values()) {
            domainNumbers.put(domain, number(domain));
        }
    }

    int count() {
        return devices.size();
    }

    Device device(int index) {
        return devices.get(index);
    }

    /// The index of an id, or -1.
    int indexOf(int deviceId) {
        return indexOfId.getOrDefault(deviceId, -1);
    }

    /// By device, the number of its domain, from 0: equal for devices of the same one. Not to be changed.
    int[] domainNumbers(FailureDomain domain) {
        return Objects.requireNonNull(domainNumbers.get(domain));
    }

    private int[] number(FailureDomain domain) {
        final int[] numbers = new int[devices.size()];
        final Map<String, Integer> numberOfPath = new HashMap<>();
        for (int index = 0; index < numbers.length; index++) {
            if (domain == FailureDomain.DEVICE) {
                numbers[index] = index;
                continue;
            }
            final String path = devices.get(index).location().pathTo(domain);
            numberOfPath.putIfAbsent(path, numberOfPath.size());
            numbers[index] = numberOfPath.getOrDefault(path, 0);
        }
        return numbers;
    }
}
