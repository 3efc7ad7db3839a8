package io.basalt.chunk;

/// The way to the metaserver, which alone decides which copies of a placement group are in sync. Fire and
/// forget: what was decided comes back as a newer map, and a wish that is still open is uttered again and
/// again. Control plane.
public interface Membership {
    /// A copy has missed a write, or its device has failed: have it recorded as not in sync. Never granted
    /// for the last good copy.
    ///
    /// @param epoch the configuration that the wish is based on
    void removeFromInSync(int pg, int epoch, int deviceId);

    /// A copy has everything again: have it recorded as in sync.
    ///
    /// @param epoch the configuration that the wish is based on
    void addToInSync(int pg, int epoch, int deviceId);

    /// A wish of an earlier life may be under way: have the same configuration recorded under the next
    /// epoch, in which nothing that was wished before can be granted.
    ///
    /// @param epoch the configuration that the wish is based on
    /// @param deviceId of a copy that is not in sync
    /// @param cannot run in the device's reactor if the metaserver answers, and its release cannot do it
    void takeBack(int pg, int epoch, int deviceId, Runnable cannot);

    /// A device has looked through all it has: which of these parts were deleted with their volume is
    /// to be told to [ChunkDevice#partsDeleted], now or later.
    ///
    /// @param partIds in rising order
    default void partsHeld(int deviceId, long[] partIds) {}
}
