package io.basalt.gate.cluster;

import io.basalt.net.Network;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Everything that one data reactor has of the cluster: its network and connections, the newest maps, the
/// identities of its changes, and the channels of its volumes. One owner reactor, whose thread every method
/// belongs to unless it says otherwise; control plane, but for what [PieceRouter] does.
public final class ClusterPort {
    private final Reactor reactor;
    private final Network network;
    private final long gateInstance;
    private final PieceRouter router;
    private final ChunkConnections connections;
    private final Map<Integer, SetRoute> routes = new LinkedHashMap<>();
    private final List<ClusterChannel> channels = new ArrayList<>();
    private final Map<Integer, DeviceTimes> deviceTimes = Collections.synchronizedMap(new HashMap<>());

    /// A port that knows no map yet: requests wait for one.
    ///
    /// @param network of the reactor; stays the caller's
    /// @param gateInstance drawn at random for this reactor in this life of the process, not 0: half of the
    ///     identity of every change
    public ClusterPort(Reactor reactor, Network network, ClusterTimes times, long gateInstance) {
        if (gateInstance == 0) {
            throw new IllegalArgumentException("gate instance is 0, expected a random number");
        }
        this.reactor = reactor;
        this.network = network;
        this.gateInstance = gateInstance;
        router = new PieceRouter(reactor, times);
        connections = new ChunkConnections(network, router, times);
    }

    /// The reactor that everything here lives on. Any thread.
    public Reactor reactor() {
        return reactor;
    }

    /// There is a newer map of a set; older ones are ignored. What waits is routed anew.
    public void mapChanged(int setId, ClusterMap newer) {
        assert reactor.inLoop();
        final SetRoute route = route(setId);
        final ClusterMap before = route.map();
        if (before != null && before.version() >= newer.version()) {
            return;
        }
        route.adopt(newer, connections);
        channels.forEach(ClusterChannel::unsettleMoved);
        final List<Piece> waiting = new ArrayList<>();
        for (final ChunkLink link : connections.links()) {
            for (Piece piece = link.takeWaiting(); piece != null; piece = link.takeWaiting()) {
                piece.become(PieceState.READY);
                waiting.add(piece);
            }
        }
        for (final ClusterChannel channel : channels) {
            channel.recallWaitingForMap(waiting);
        }
        connections.closeUnused(routes.values());
        waiting.forEach(router::again);
    }

    /// Connect to every device of the maps that are known, before anything is to be sent there.
    ///
    /// @return whether that has come to its end, be it well or not; false too while no map is known
    public boolean connect() {
        assert reactor.inLoop();
        boolean underWay = false;
        for (final ChunkLink link : connections.links()) {
            link.open();
            underWay |= link.isConnecting();
        }
        return !underWay && !connections.links().isEmpty();
    }

    /// Connect to devices that are not connected, once each: for a process that is to ask them later.
    public void reconnect() {
        assert reactor.inLoop();
        connections.links().forEach(ChunkLink::reopen);
    }

    /// Lose every connection, as if all peers had hung up: they are made again, and what was under way is sent
    /// again.
    public void hangUp() {
        assert reactor.inLoop();
        connections.links().forEach(ChunkLink::hangUp);
    }

    /// How the connections do. Any thread.
    List<LinkStatus> connectionStatus() {
        return connections.status();
    }

    /// Close every connection. No channel is open.
    public void close() {
        assert reactor.inLoop();
        assert channels.isEmpty() : "channels are closed first";
        connections.close();
        routes.clear();
    }

    SetRoute route(int setId) {
        return routes.computeIfAbsent(setId, id -> new SetRoute(id, gateInstance, deviceTimes(id)));
    }

    /// How long the devices of a set take for this reactor. Any thread.
    DeviceTimes deviceTimes(int setId) {
        return deviceTimes.computeIfAbsent(setId, _ -> new DeviceTimes());
    }

    Collection<SetRoute> routes() {
        return routes.values();
    }

    Network network() {
        return network;
    }

    PieceRouter router() {
        return router;
    }

    void opened(ClusterChannel channel) {
        channels.add(channel);
    }

    void closed(ClusterChannel channel) {
        channels.remove(channel);
    }
}
