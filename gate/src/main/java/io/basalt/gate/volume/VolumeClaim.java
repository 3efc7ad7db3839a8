package io.basalt.gate.volume;

import io.basalt.block.Volume;

/// The right to use a volume, which cannot be deleted meanwhile. Held by a controller or by a volume built on it.
public final class VolumeClaim implements AutoCloseable {
    private final VolumeEntry entry;
    private final String holder;
    private final boolean exclusive;
    private final ResizeListener listener;

    VolumeClaim(VolumeEntry entry, String holder, boolean exclusive, ResizeListener listener) {
        this.entry = entry;
        this.holder = holder;
        this.exclusive = exclusive;
        this.listener = listener;
    }

    /// The volume within its limits; not to be closed by the holder.
    public Volume volume() {
        return entry.limited();
    }

    /// The volume's entry, to which the holder adds its [StatisticsSource]s.
    public VolumeEntry entry() {
        return entry;
    }

    /// Who holds it, in words for the operator: for example `controller vhost.0`.
    public String holder() {
        return holder;
    }

    boolean exclusive() {
        return exclusive;
    }

    ResizeListener listener() {
        return listener;
    }

    /// Give the right back: no channel of the volume is open. Does nothing the second time.
    @Override
    public void close() {
        entry.release(this);
    }
}
