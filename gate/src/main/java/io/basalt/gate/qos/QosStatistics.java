package io.basalt.gate.qos;

/// What a volume's limits have done to its requests.
///
/// @param throttled requests that were held back, those that wait now among them
/// @param waiting requests that wait now
/// @param waitSumNs sum of the times for which requests waited that have gone, in nanoseconds
/// @param waitMaxNs longest of these times, in nanoseconds
public record QosStatistics(long throttled, long waiting, long waitSumNs, long waitMaxNs) {
    /// Nothing.
    public static final QosStatistics NONE = new QosStatistics(0, 0, 0, 0);

    /// Both together; the longer of the longest times.
    public QosStatistics plus(QosStatistics other) {
        return new QosStatistics(
                throttled + other.throttled,
                waiting + other.waiting,
                waitSumNs + other.waitSumNs,
                Math.max(waitMaxNs, other.waitMaxNs));
    }
}
