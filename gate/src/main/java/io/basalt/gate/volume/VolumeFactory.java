package io.basalt.gate.volume;

import io.basalt.block.Volume;
import org.jspecify.annotations.Nullable;

/// Where a [VolumeRegistry] gets its volumes from.
@FunctionalInterface
public interface VolumeFactory {
    /// Open a volume.
    ///
    /// @param base the open volume that [VolumeSpec#base()] names; null if the spec names none
    /// @throws io.basalt.store.VolumeException if it cannot be opened; nothing is left behind
    Volume open(VolumeSpec spec, @Nullable Volume base);
}
