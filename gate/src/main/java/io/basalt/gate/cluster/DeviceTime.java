package io.basalt.gate.cluster;

/// How long one device has taken for what a gate asked, sums of all time.
///
/// @param served requests that it has served as primary
/// @param queueNs nanoseconds that these waited there before they were begun
/// @param storeNs nanoseconds that its store took for them
/// @param networkNs nanoseconds that they were on the way there and back
/// @param copied changes that it has applied for other primaries
/// @param copyNs nanoseconds until those primaries had its answer
public record DeviceTime(long served, long queueNs, long storeNs, long networkNs, long copied, long copyNs) {
    static final DeviceTime NONE = new DeviceTime(0, 0, 0, 0, 0, 0);

    /// Both together.
    DeviceTime plus(DeviceTime other) {
        return new DeviceTime(
                served + other.served,
                queueNs + other.queueNs,
                storeNs + other.storeNs,
                networkNs + other.networkNs,
                copied + other.copied,
                copyNs + other.copyNs);
    }
}
