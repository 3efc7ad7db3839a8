package io.basalt.store;

import io.basalt.block.Volume;

/// A volume whose size can be changed while it serves I/O. It only grows: shrinking under a guest loses its data.
public interface ResizableVolume extends Volume {
    /// Grow the volume. Front ends are told by the caller. Control plane, any thread; calls do not overlap.
    ///
    /// @param newSizeBytes whole blocks, at least the current size; the same size is no change
    /// @throws VolumeException if the size breaks a rule or the backing cannot grow
    void resize(long newSizeBytes);
}
