package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.NodeAddress;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.wire.data.Sessions;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The ways from this device to the others, each opened when it is first needed. Control plane; one owner
/// reactor.
final class Peers {
    private final ChunkDevice device;
    private final long life;
    private final Map<Integer, Peer> peers = new TreeMap<>();
    private final Slowness slowness;
    private final Pace own;
    private @Nullable ClusterMap map;
    private int connectionNumber;

    /// @param life of this device's process
    Peers(ChunkDevice device, long life) {
        this.device = device;
        this.life = life;
        slowness = new Slowness((_, _, _) -> device.counters().count(Counter.SLOW_FOUND), device.nowNs());
        own = slowness.pace(device.deviceId());
    }

    /// How fast this device applies changes itself.
    Pace own() {
        return own;
    }

    /// Say how fast each device is.
    void show(PaceView view) {
        for (final Pace each : slowness.paces()) {
            view.pace(each.deviceId(), each.meanNs(), each.isSlow());
        }
    }

    /// There is a newer map: devices may listen elsewhere.
    void mapChanged(ClusterMap newer) {
        map = newer;
        for (final Device each : newer.devices()) {
            final Peer peer = peers.get(each.id());
            if (peer != null) {
                peer.moved(addressOf(each));
            }
        }
    }

    /// The way to a device that the map names.
    Peer to(int id) {
        final Peer known = peers.get(id);
        if (known != null) {
            return known;
        }
        final ClusterMap current = Objects.requireNonNull(map);
        final Device there = Objects.requireNonNull(current.device(id));
        final Peer peer = new Peer(device, id, addressOf(there), device.newCall(), slowness.pace(id));
        peers.put(id, peer);
        return peer;
    }

    /// Have a way to each other copy of a placement group before it is needed: this device may come to
    /// lead at any time.
    void meet(PgConfiguration configuration) {
        for (int index = 0; index < configuration.count(); index++) {
            if (configuration.device(index) != device.deviceId()) {
                to(configuration.device(index));
            }
        }
    }

    /// A session for the next connection.
    long newSession() {
        return Sessions.of(life, connectionNumber++ & Sessions.CONNECTION_MAX);
    }

    void tick(long nowNs) {
        peers.values().forEach(peer -> peer.tick(nowNs));
        slowness.tick(nowNs);
    }

    private static NodeAddress addressOf(Device device) {
        final String text = device.address();
        final int colon = text.lastIndexOf(':');
        return new NodeAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}
