package io.basalt.reactor;

/// Something another process waits on: the call or error eventfd of a virtqueue.
public interface Signal {
    /// A signal that nobody waits on.
    Signal NONE = new Signal() {
        @Override
        public void raise() {}

        @Override
        public String toString() {
            return "Signal.NONE";
        }
    };

    /// Wake whoever waits. Never blocks, allocates nothing. Any thread.
    void raise();
}
