package io.basalt.bench.virtqueue;

/// How the replayed driver lays out its requests.
public enum RingKind {
    /// Split ring, three descriptors a request.
    SPLIT,
    /// Split ring, one descriptor that refers to a table of three.
    SPLIT_INDIRECT,
    /// Packed ring, three descriptors a request.
    PACKED
}
