package io.basalt.simulation;

import io.basalt.chunk.ChunkDevice;
import io.basalt.chunk.ChunkSettings;
import io.basalt.chunk.PgState;
import io.basalt.chunk.ReplicationRules;
import io.basalt.chunk.ShardStore;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.placement.ClusterMap;
import org.jspecify.annotations.Nullable;

/// A storage node with one device: a process that begins, crashes and begins again on the same disk.
final class StorageNode {
    /// Hears of placement groups that begin to be served.
    interface ServingListener {
        /// A device serves a placement group in an epoch.
        void serves(int deviceId, int pg, int epoch);
    }

    static final NetOptions NET_OPTIONS =
            new NetOptions(64, 64, 1 << 16, 24 << 16, 1 << 14, 1 << 12, 16, 300_000_000L, 100_000_000L, 400_000_000L);

    private final World world;
    private final StandInMeta meta;
    private final SimStorage storage;
    private final ReplicationRules rules;
    private final ChunkSettings settings;
    private final ServingListener serving;
    private final int deviceId;

    private @Nullable SimReactor reactor;

    private @Nullable ChunkDevice device;

    private @Nullable ShardStore store;

    private boolean isRefused;
    private long life;

    StorageNode(
            World world,
            StandInMeta meta,
            SimStorage storage,
            int deviceId,
            ReplicationRules rules,
            ChunkSettings settings,
            ServingListener serving) {
        this.world = world;
        this.meta = meta;
        this.storage = storage;
        this.deviceId = deviceId;
        this.rules = rules;
        this.settings = settings;
        this.serving = serving;
        meta.add(this);
    }

    int deviceId() {
        return deviceId;
    }

    String host() {
        return StandInMeta.host(deviceId);
    }

    SimStorage storage() {
        return storage;
    }

    long life() {
        return life;
    }

    boolean isInLife(long asked) {
        return reactor != null && life == asked;
    }

    boolean isRunning() {
        return reactor != null;
    }

    boolean isServing() {
        return device != null;
    }

    /// Whether the disk's store could not be opened: its copies are lost.
    boolean isRefused() {
        return isRefused;
    }

    @Nullable
    ChunkDevice device() {
        return device;
    }

    @Nullable
    ShardStore store() {
        return store;
    }

    @Nullable
    SimReactor reactor() {
        return reactor;
    }

    /// Begin a process.
    void start() {
        assert reactor == null;
        life++;
        final long mine = life;
        final SimReactor made = new SimReactor(world, host());
        reactor = made;
        world.add(made);
        world.note("device " + deviceId + " starts, life " + life);
        final SimEndpoint network = world.network()
                .open(
                        made.reactor(),
                        host(),
                        NET_OPTIONS,
                        World.key(),
                        new PeerIdentity(PeerIdentity.Role.CHUNK, deviceId, host()));
        storage.open(
                made,
                opened -> {
                    if (isInLife(mine)) {
                        serve(made, network, opened);
                    }
                },
                reason -> {
                    if (isInLife(mine)) {
                        world.note("device " + deviceId + " cannot be opened: " + reason);
                        isRefused = true;
                        meta.deviceLost(deviceId);
                    }
                });
    }

    private void serve(SimReactor made, SimEndpoint network, ShardStore opened) {
        store = opened;
        final ChunkDevice made2 =
                new ChunkDevice(made.reactor(), network, opened, deviceId, life, meta.membership(), rules, settings);
        device = made2;
        made2.onPgChange((pg, epoch, state) -> {
            world.note("device " + deviceId + " pg " + pg + " epoch " + epoch + " " + state);
            if (state == PgState.SERVING) {
                serving.serves(deviceId, pg, epoch);
            }
        });
        network.listen(new NodeAddress(host(), 7710), made2);
        world.note("device " + deviceId + " is open");
        meta.registered(this);
    }

    /// End the process, at this very moment.
    void crash(boolean isPowerCut) {
        final SimReactor last = reactor;
        if (last == null) {
            return;
        }
        world.note("device " + deviceId + (isPowerCut ? " loses power" : " is killed"));
        world.remove(last);
        world.network().crash(host(), isPowerCut);
        storage.crash(isPowerCut);
        reactor = null;
        device = null;
        store = null;
    }

    void mapChanged(ClusterMap map) {
        final ChunkDevice at = device;
        if (at != null) {
            at.mapChanged(map);
        }
    }

    void generationRaised(long volumeId, long generation) {
        final ChunkDevice at = device;
        if (at != null) {
            at.generationRaised(volumeId, generation);
        }
    }

    void generationsAreKnown() {
        final ChunkDevice at = device;
        if (at != null) {
            at.generationsAreKnown();
        }
    }
}
