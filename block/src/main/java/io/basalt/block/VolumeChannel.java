package io.basalt.block;

/// A volume's way in on one reactor. Every method belongs to that reactor's thread.
public interface VolumeChannel extends AutoCloseable {
    /// Start a request. Allocates nothing, blocks never.
    ///
    /// A channel that keeps account of requests calls [MemoryFault#surface()] first: a fault of the
    /// caller's, on memory that it has touched before, must not come in the middle of the account. If
    /// [InternalError] comes out of this method, the request has not been taken.
    ///
    /// @return the result if it is known at once; [BlockStatus#PENDING] if [BlockRequest#completed] will be called
    ///     later
    BlockStatus submit(BlockRequest request);

    /// Requests' data will lie in these regions: register them with the device. Counted: each call is undone by one
    /// [#releaseMemory].
    void useMemory(RegionTable table);

    /// No request in this table's regions is in flight or will come: unregister them.
    void releaseMemory(RegionTable table);

    /// Requests submitted and not completed.
    int inFlight();

    /// Release the channel. Nothing is in flight.
    @Override
    void close();
}
