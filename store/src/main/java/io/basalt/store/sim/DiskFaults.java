package io.basalt.store.sim;

import io.basalt.block.BlockOperation;

/// What decides the fate of each request to a [SimDisk], at the moment it is carried out.
@FunctionalInterface
public interface DiskFaults {
    /// No fault ever.
    DiskFaults NONE = (_, _, _) -> DiskFault.NONE;

    /// The fate of one request.
    DiskFault faultOf(BlockOperation operation, long offset, long length);
}
