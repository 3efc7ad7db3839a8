package io.basalt.gate.volume;

/// What the holder of a claim does when the volume has become larger.
@FunctionalInterface
public interface ResizeListener {
    /// The volume has this size now. Runs in the control reactor.
    void resized(long sizeBytes);
}
