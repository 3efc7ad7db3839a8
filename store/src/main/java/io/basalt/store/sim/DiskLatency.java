package io.basalt.store.sim;

import io.basalt.block.BlockOperation;

/// How long each request to a [SimDisk] takes.
@FunctionalInterface
public interface DiskLatency {
    /// Nanoseconds from submission to completion.
    long latencyNs(BlockOperation operation, long length);
}
