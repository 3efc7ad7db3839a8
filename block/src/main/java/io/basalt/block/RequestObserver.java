package io.basalt.block;

/// Hears how long the requests of a front end take. Called on the front end's reactor, for every request: allocates
/// nothing, blocks never.
public interface RequestObserver {
    /// Hears nothing.
    RequestObserver NONE = new RequestObserver() {
        @Override
        public void taken(int count, long waitNs) {}

        @Override
        public void read(BlockRequest request, long tookNs) {}

        @Override
        public void wrote(BlockRequest request, long tookNs) {}
    };

    /// Requests were taken off their ring.
    ///
    /// @param waitNs for which they had been there at most, in nanoseconds
    void taken(int count, long waitNs);

    /// A read was answered. What is answered in the pass of the reactor that took it need not be told.
    ///
    /// @param request with what is known of its [BlockRequest#times()]
    /// @param tookNs nanoseconds from taking it to answering it
    void read(BlockRequest request, long tookNs);

    /// The same of a write.
    void wrote(BlockRequest request, long tookNs);
}
