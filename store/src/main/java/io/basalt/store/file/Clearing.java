package io.basalt.store.file;

import io.basalt.linux.file.FileSpec;

/// How a range of a file is made to read as zeros, or forgotten.
enum Clearing {
    /// Free the space; reads give zeros.
    PUNCH_HOLE(FileSpec.FALLOC_FL_PUNCH_HOLE | FileSpec.FALLOC_FL_KEEP_SIZE),
    /// Keep the space; reads give zeros. The kernel writes zeros to a block device that cannot do it by itself.
    ZERO_RANGE(FileSpec.FALLOC_FL_ZERO_RANGE | FileSpec.FALLOC_FL_KEEP_SIZE),
    /// Block devices only: free the space; what reads give is the device's affair.
    FORGET(0),
    /// Only by writing zeros from memory.
    REFUSED(0);

    /// For fallocate(2); 0 if it is not done by that.
    final int allocateMode;

    Clearing(int allocateMode) {
        this.allocateMode = allocateMode;
    }
}
