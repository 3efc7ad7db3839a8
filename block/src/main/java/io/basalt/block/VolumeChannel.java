package io.basalt.block;

/// A volume's way in on one reactor. Every method belongs to that reactor's thread.
public interface VolumeChannel extends AutoCloseable {
    /// Start a request. Allocates nothing, blocks never.
    ///
    /// A channel that keeps account of requests calls [MemoryFault#surface()] first: a fault of the
    /// caller's, on memory that it has touched before, must not come in the middle of the account. If
    /// [InternalError] comes out of this method, the request has not been taken.
    ///
    /// @return the result if it is known at once; [BlockStatus#PENDING] if [BlockRequest#completed] will
    ///     be called later
    BlockStatus submit(BlockRequest request);

    /// The channel that requests may be given to instead: this one, or one underneath to which it would
    /// pass them on unchanged. A front end asks from time to time, at least once in a millisecond that it
    /// is busy, so what a channel adds costs nothing while it adds nothing, and begins to be added a
    /// millisecond after it should.
    default VolumeChannel shortcut() {
        return this;
    }

    /// Somebody waits for all that is in flight: nothing is to be held back on purpose any longer. Says
    /// nothing about requests submitted later.
    ///
    /// @param wanted whether what was held back is still to be done: then it goes to the device now.
    ///     Otherwise it completes with [BlockStatus#IO_ERROR] and never gets there
    default void hurry(boolean wanted) {}

    /// Requests' data will lie in these regions: register them with the device. Counted: each call is
    /// undone by one [#releaseMemory].
    void useMemory(RegionTable table);

    /// No request in this table's regions is in flight or will come: unregister them.
    void releaseMemory(RegionTable table);

    /// Requests submitted and not completed.
    int inFlight();

    /// Release the channel. Nothing is in flight.
    @Override
    void close();
}
