package io.basalt.bench.load;

import tools.jackson.databind.node.ObjectNode;

/// What one run of load measured.
///
/// @param iops requests per second
/// @param cpuNs processor time of the serving process for one request; for a program that does its own I/O, its own
/// @param p50Ns median latency
/// @param p99Ns latency that 1 in 100 exceeds
public record LoadResult(double iops, double cpuNs, double p50Ns, double p99Ns) {
    void putInto(ObjectNode node) {
        node.put("iops", Math.round(iops))
                .put("cpu_ns_per_io", Math.round(cpuNs))
                .put("p50_ns", Math.round(p50Ns))
                .put("p99_ns", Math.round(p99Ns));
    }
}
