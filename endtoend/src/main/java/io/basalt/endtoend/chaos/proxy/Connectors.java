package io.basalt.endtoend.chaos.proxy;

import java.net.InetSocketAddress;

/// What knows who connects.
@FunctionalInterface
public interface Connectors {
    /// The party at the other end of an accepted connection.
    ///
    /// @param remote its address and port
    /// @return its name; empty if it is not known
    String nameOf(InetSocketAddress remote);
}
