package io.basalt.wire.metrics;

/// What the samples of a family are.
public enum MetricType {
    /// Only grows, and begins at 0 with the process.
    COUNTER,
    /// Goes up and down.
    GAUGE,
    /// A sum and a count, in samples of the family's name with `_sum` and `_count`.
    SUMMARY,
    /// Counts of what is at most so much, in samples with `_bucket`; and a sum and a count.
    HISTOGRAM
}
