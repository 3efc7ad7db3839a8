package io.basalt.meta.service;

import io.basalt.meta.state.SetRecord;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Network;
import io.basalt.net.PeerIdentity;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The connections of nodes and tools, and which of them is which node's.
final class Sessions {
    private final Function<PeerIdentity, NodeSession> make;
    private final IntConsumer endedByNode;
    private final Set<NodeSession> all = new LinkedHashSet<>();
    private final Map<Integer, NodeSession> ofNode = new TreeMap<>();

    /// @param make what answers a new connection
    /// @param endedByNode told of each node whose process has ended its connection, and has no other one
    Sessions(Function<PeerIdentity, NodeSession> make, IntConsumer endedByNode) {
        this.make = make;
        this.endedByNode = endedByNode;
    }

    Network.Acceptance accept(PeerIdentity peer) {
        final NodeSession session = make.apply(peer);
        all.add(session);
        return new Network.Acceptance(session, new ConnectionListener() {
            @Override
            public void ready(Connection connection) {
                session.ready(connection);
            }

            @Override
            public void closed(Connection connection, String reason) {
                all.remove(session);
                final boolean current = ofNode.values().removeIf(session::equals);
                session.closed();
                if (current && connection.endedByPeer()) {
                    endedByNode.accept(session.nodeId());
                }
            }
        });
    }

    /// A session has a node now. An older connection of the same node is of no use any more.
    void registered(NodeSession session) {
        final NodeSession before = ofNode.put(session.nodeId(), session);
        if (before != null && !before.equals(session)) {
            before.close();
        }
    }

    /// The session of a node, null if it is not connected.
    @Nullable
    NodeSession of(int nodeId) {
        return ofNode.get(nodeId);
    }

    /// Whether a node is connected.
    boolean has(int nodeId) {
        return ofNode.containsKey(nodeId);
    }

    /// Those that are nodes', by node.
    Collection<NodeSession> registered() {
        return ofNode.values();
    }

    /// How many there are, those of tools among them.
    int count() {
        return all.size();
    }

    /// A set has a newer map.
    void sendMap(SetRecord set) {
        all.forEach(session -> session.sendMap(set));
    }

    /// End all of them.
    void close() {
        List.copyOf(all).forEach(NodeSession::close);
    }
}
