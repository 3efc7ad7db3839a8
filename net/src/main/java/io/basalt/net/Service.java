package io.basalt.net;

/// Who answers the requests that arrive on a connection. Called in its reactor's thread, from a poll.
@FunctionalInterface
public interface Service {
    /// A whole request has arrived; its checksums are right and its deadline has not passed. Takes it over:
    /// answers it exactly once, now or later. Must not throw: that ends the connection.
    void request(Incoming request);

    /// Longest body of a request of a type. A peer that sends a longer one is cut off before any of it is
    /// looked at.
    ///
    /// @return 0 to [Call#BODY_BYTES_MAX]; negative if there is no such type
    default int bodyBytesMax(int type) {
        return Call.BODY_BYTES_MAX;
    }

    /// Longest payload of a request of a type. A peer that sends a longer one is cut off before any of it is
    /// received.
    ///
    /// @return bytes; [NetOptions#payloadBytesMax()] bounds it in any case
    default int payloadBytesMax(int type) {
        return Integer.MAX_VALUE;
    }
}
