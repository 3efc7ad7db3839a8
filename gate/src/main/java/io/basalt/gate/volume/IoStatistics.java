package io.basalt.gate.volume;

/// What was done to a volume, or through one channel of it, since some moment.
///
/// @param errors requests answered with another status than OK
public record IoStatistics(Operations read, Operations write, Operations unmap, Operations flush, long errors) {
    /// Nothing done.
    public static final IoStatistics NONE =
            new IoStatistics(Operations.NONE, Operations.NONE, Operations.NONE, Operations.NONE, 0);

    /// Requests of one kind.
    ///
    /// @param count requests answered
    /// @param bytes moved, or covered by ranges
    /// @param latencySumNs sum of the times from taking to answering, in nanoseconds
    /// @param latencyMaxNs longest of these times, in nanoseconds
    public record Operations(long count, long bytes, long latencySumNs, long latencyMaxNs) {
        static final Operations NONE = new Operations(0, 0, 0, 0);

        Operations plus(Operations other) {
            return new Operations(
                    count + other.count,
                    bytes + other.bytes,
                    latencySumNs + other.latencySumNs,
                    Math.max(latencyMaxNs, other.latencyMaxNs));
        }

        Operations since(Operations earlier) {
            return new Operations(
                    count - earlier.count, bytes - earlier.bytes, latencySumNs - earlier.latencySumNs, latencyMaxNs);
        }
    }

    /// Both together; the longer of the longest times.
    public IoStatistics plus(IoStatistics other) {
        return new IoStatistics(
                read.plus(other.read),
                write.plus(other.write),
                unmap.plus(other.unmap),
                flush.plus(other.flush),
                errors + other.errors);
    }

    /// What came after an earlier reading of the same counters. The longest times are those of all time.
    public IoStatistics since(IoStatistics earlier) {
        return new IoStatistics(
                read.since(earlier.read),
                write.since(earlier.write),
                unmap.since(earlier.unmap),
                flush.since(earlier.flush),
                errors - earlier.errors);
    }

    /// The same with another number of failures.
    public IoStatistics withErrors(long count) {
        return new IoStatistics(read, write, unmap, flush, count);
    }
}
