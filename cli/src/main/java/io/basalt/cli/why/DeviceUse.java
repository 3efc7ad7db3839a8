package io.basalt.cli.why;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.JsonNode;

/// What one device of the cluster took for a gate's requests in some time.
///
/// @param node it belongs to; 0 if that is not known
/// @param address where it listens; empty if that is not known
/// @param served requests that it served as primary
/// @param copied changes that it applied for other primaries
record DeviceUse(
        int set,
        int device,
        int node,
        String address,
        long served,
        long queueNs,
        long storeNs,
        long networkNs,
        long copied,
        long copyNs) {
    /// So many times as long as the others is slow.
    private static final double TIMES = 2;

    private static final int FEW = 3;

    static DeviceUse of(JsonNode told) {
        return new DeviceUse(
                told.path("set").intValue(0),
                told.path("device").intValue(0),
                told.path("node").intValue(0),
                told.path("address").asString(""),
                told.path("served").longValue(0),
                told.path("queue_ns").longValue(0),
                told.path("store_ns").longValue(0),
                told.path("network_ns").longValue(0),
                told.path("copied").longValue(0),
                told.path("copy_ns").longValue(0));
    }

    DeviceUse since(List<DeviceUse> earlier) {
        for (final DeviceUse before : earlier) {
            if (before.set == set && before.device == device && before.served <= served && before.copied <= copied) {
                return new DeviceUse(
                        set,
                        device,
                        node,
                        address,
                        served - before.served,
                        queueNs - before.queueNs,
                        storeNs - before.storeNs,
                        networkNs - before.networkNs,
                        copied - before.copied,
                        copyNs - before.copyNs);
            }
        }
        return this;
    }

    /// Mean wait for its turn; `NaN` if there were too few requests to say.
    double queueMeanNs() {
        return mean(queueNs, served);
    }

    /// Mean time of its store; `NaN` if there were too few requests to say.
    double storeMeanNs() {
        return mean(storeNs, served);
    }

    /// Mean time on the way there and back; `NaN` if there were too few requests to say.
    double networkMeanNs() {
        return mean(networkNs, served);
    }

    /// Mean time until a primary had its answer; `NaN` if there were too few changes to say.
    double copyMeanNs() {
        return mean(copyNs, copied);
    }

    private static double mean(long sumNs, long count) {
        return count < FEW ? Double.NaN : (double) sumNs / count;
    }

    /// `node 3, device 7 (host:port)`.
    String words() {
        final String where = node == 0 ? "device " + device : "node " + node + ", device " + device;
        return address.isEmpty() ? where : where + " (" + address + ")";
    }

    /// The device that takes much longer than the others.
    ///
    /// @param slowest one that takes longest
    /// @param meanNs what it takes
    /// @param othersNs what those in the middle of the others take
    record Outlier(DeviceUse slowest, double meanNs, double othersNs) {
        static Optional<Outlier> of(List<DeviceUse> devices, ToDoubleFunction<DeviceUse> mean) {
            DeviceUse slowest = null;
            for (final DeviceUse each : devices) {
                final double meanNs = mean.applyAsDouble(each);
                if (!Double.isNaN(meanNs) && (slowest == null || meanNs > mean.applyAsDouble(slowest))) {
                    slowest = each;
                }
            }
            if (slowest == null) {
                return Optional.empty();
            }
            final DeviceUse found = slowest;
            final double[] others = devices.stream()
                    .filter(each -> !each.equals(found))
                    .mapToDouble(mean)
                    .filter(meanNs -> !Double.isNaN(meanNs))
                    .toArray();
            Arrays.sort(others);
            final double foundNs = mean.applyAsDouble(found);
            final double othersNs = others.length == 0 ? foundNs : others[(others.length - 1) / 2];
            return foundNs > TIMES * othersNs ? Optional.of(new Outlier(found, foundNs, othersNs)) : Optional.empty();
        }
    }
}
