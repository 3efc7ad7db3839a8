package io.basalt.simulation;

import io.basalt.block.BlockStatus;

/// How a guest's requests reach its volume: straight to the channels of a gate's process, or over rings
/// that outlive gates.
interface GuestPath {
    /// How many ways there are; requests of one way keep their order.
    int ways();

    /// Have something done on a way.
    void later(int way, long delayNs, Runnable what);

    /// Ask. [GuestRequest#begins] is called when the request goes to the volume.
    ///
    /// @return how it ended, or [BlockStatus#PENDING] if [GuestRequest#completed] is called later
    BlockStatus submit(GuestRequest request);

    /// Whether another gate has the volume, so that every request fails.
    boolean isLost();

    /// How it stands, for people.
    String describe();
}
