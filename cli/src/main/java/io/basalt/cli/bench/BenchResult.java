package io.basalt.cli.bench;

import org.HdrHistogram.Histogram;

/// What a bench run measured.
///
/// @param workload what was run
/// @param elapsedNs time that was counted
/// @param reads latencies of reads in nanoseconds
/// @param writes latencies of writes in nanoseconds
/// @param clientCpuNs processor time of the load threads while counting
/// @param backEndCpuNs processor time of the process (or reactors) that served, while counting; -1 if not known
/// @param kicks notifications sent to the device, in the whole run
/// @param calls times a thread was called by the device, in the whole run
/// @param verified whether every block was checked
/// @param note what the reader should know, or empty
public record BenchResult(
        Workload workload,
        long elapsedNs,
        Histogram reads,
        Histogram writes,
        long clientCpuNs,
        long backEndCpuNs,
        long kicks,
        long calls,
        boolean verified,
        String note) {
    private static final double SECOND_NS = 1e9;

    /// Requests counted.
    public long requests() {
        return reads.getTotalCount() + writes.getTotalCount();
    }

    /// Requests per second.
    public double iops() {
        return requests() * SECOND_NS / elapsedNs;
    }

    /// Bytes per second.
    public double bytesPerSecond() {
        return iops() * workload.blockSize();
    }

    /// Latencies of all requests.
    public Histogram all() {
        final Histogram sum = reads.copy();
        sum.add(writes);
        return sum;
    }

    /// Processor time of the serving side for one request in nanoseconds; -1 if not known.
    public double backEndCpuPerRequestNs() {
        return backEndCpuNs < 0 || requests() == 0 ? -1 : (double) backEndCpuNs / requests();
    }

    /// Processor time of the load threads for one request, in nanoseconds.
    public double clientCpuPerRequestNs() {
        return requests() == 0 ? 0 : (double) clientCpuNs / requests();
    }
}
