package io.basalt.store.fault;

import io.basalt.block.BlockOperation;
import io.basalt.block.ExtentVisitor;
import io.basalt.block.Volume;
import io.basalt.store.VolumeRules;

/// A volume that passes on another volume's properties. It does not own that volume: closing the wrapper leaves
/// the base open, and the base is closed after it.
abstract class WrappedVolume implements Volume {
    private final String name;
    final Volume base;

    WrappedVolume(String name, Volume base) {
        this.name = VolumeRules.requireName(name);
        this.base = base;
    }

    @Override
    public final String name() {
        return name;
    }

    /// The volume underneath.
    public final Volume base() {
        return base;
    }

    @Override
    public final int blockSize() {
        return base.blockSize();
    }

    @Override
    public final long sizeBytes() {
        return base.sizeBytes();
    }

    @Override
    public final boolean readOnly() {
        return base.readOnly();
    }

    @Override
    public final boolean supports(BlockOperation operation) {
        return base.supports(operation);
    }

    @Override
    public final boolean zeroesFast(boolean mayUnmap) {
        return base.zeroesFast(mayUnmap);
    }

    @Override
    public final void extents(long offset, long length, ExtentVisitor visitor) {
        base.extents(offset, length, visitor);
    }

    @Override
    public void close() {}
}
