package io.basalt.chunk;

/// Hears how fast devices apply changes, as one primary's device sees it. Control plane.
@FunctionalInterface
public interface PaceView {
    /// One device: the one that is asked, or another with copies of the same placement groups.
    ///
    /// @param meanNs mean time of a change in the last second; negative if there were too few to say
    /// @param slow whether it is much slower than the others, for some seconds on end
    void pace(int deviceId, long meanNs, boolean slow);
}
