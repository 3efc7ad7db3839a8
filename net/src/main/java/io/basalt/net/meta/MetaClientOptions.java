package io.basalt.net.meta;

import io.basalt.net.NodeAddress;
import io.basalt.wire.meta.NodeRegistration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a [MetaClient] is made with.
///
/// @param endpoints where the metaserver's replicas listen, at least one
/// @param registration what the node presents itself as; null for a tool, which is not a node
/// @param instance drawn at random when the process starts: half of its requests' identity, and the gate
///     instance of
///     its attachments; not 0
/// @param subscribe whether maps (and for a chunk server, generations) are wanted
/// @param requestTimeoutNs how long a request is tried again before it is refused with `UNAVAILABLE`
/// @param attemptTimeoutNs how long one attempt may take
/// @param reconnectNs pause between two attempts to connect
public record MetaClientOptions(
        List<NodeAddress> endpoints,
        @Nullable NodeRegistration registration,
        long instance,
        boolean subscribe,
        long requestTimeoutNs,
        long attemptTimeoutNs,
        long reconnectNs) {
    private static final long SECOND_NS = 1_000_000_000L;

    public MetaClientOptions {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw new IllegalArgumentException("endpoints is empty, expected the address of a metaserver");
        }
        if (instance == 0) {
            throw new IllegalArgumentException("instance is 0, expected a random number");
        }
        requirePositive("requestTimeoutNs", requestTimeoutNs);
        requirePositive("attemptTimeoutNs", attemptTimeoutNs);
        requirePositive("reconnectNs", reconnectNs);
    }

    /// A node with the usual times: a request is tried for 30 s, an attempt takes at most 10 s (a grant waits for
    /// chunk servers), a new connection is tried ten times a second.
    public static MetaClientOptions of(List<NodeAddress> endpoints, NodeRegistration registration, long instance) {
        return new MetaClientOptions(
                endpoints, registration, instance, true, 30 * SECOND_NS, 10 * SECOND_NS, SECOND_NS / 10);
    }

    /// A tool that looks and asks, with the usual times.
    public static MetaClientOptions tool(List<NodeAddress> endpoints, long instance) {
        return new MetaClientOptions(endpoints, null, instance, true, 30 * SECOND_NS, 10 * SECOND_NS, SECOND_NS / 10);
    }

    private static void requirePositive(String field, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(field + " is " + value + ", expected a positive time");
        }
    }
}
