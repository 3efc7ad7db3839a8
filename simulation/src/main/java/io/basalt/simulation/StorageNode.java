package io.basalt.simulation;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.ChunkDevice;
import io.basalt.chunk.ChunkSettings;
import io.basalt.chunk.PgState;
import io.basalt.chunk.ShardStore;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.placement.ClusterMap;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.wire.meta.DeviceRegistration;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A storage node with one device: a process that begins, crashes and begins again on the same disk. Put together
/// like [io.basalt.chunk.server.ChunkServer], with a control reactor that talks to the metaserver and a reactor for
/// the device.
final class StorageNode {
    /// Hears of placement groups that begin to be served.
    interface ServingListener {
        /// A device serves a placement group in an epoch.
        void serves(int deviceId, int pg, int epoch);
    }

    private static final int PORT = 7710;
    private static final long SCRUB_BYTES_PER_SECOND = 32 << 20;
    private static final long SCRUB_REST_NS = 20_000_000;

    private static final Map<Counter, Sighting> OBSERVED = new EnumMap<>(Map.ofEntries(
            Map.entry(Counter.NO_LEASE, Sighting.LEASE_OVER),
            Map.entry(Counter.FENCED, Sighting.FENCED),
            Map.entry(Counter.REPEATED, Sighting.REPEATED),
            Map.entry(Counter.UNDONE, Sighting.UNDONE),
            Map.entry(Counter.TOO_FEW_COPIES, Sighting.TOO_FEW_COPIES),
            Map.entry(Counter.BUSY, Sighting.BUSY),
            Map.entry(Counter.OVERLOADED, Sighting.OVERLOADED),
            Map.entry(Counter.ORDER_WAITS, Sighting.ORDER_WAIT),
            Map.entry(Counter.REPAIRED, Sighting.REPAIRED),
            Map.entry(Counter.RECONCILED, Sighting.RECONCILED),
            Map.entry(Counter.TOMBSTONES_FORGOTTEN, Sighting.TOMBSTONE_FORGOTTEN)));

    private final World world;
    private final SimStorage storage;
    private final ChunkSettings settings;
    private final ControlTimes times;
    private final boolean scrubs;
    private final ServingListener serving;
    private final int number;
    private final UUID nodeUuid;
    private final UUID deviceUuid;
    private final SimRandom random;
    private int deviceId;

    private @Nullable SimProcess process;

    private @Nullable SimReactor deviceReactor;

    private @Nullable ChunkDevice device;

    private @Nullable ShardStore store;

    private final Map<Integer, PgState> states = new HashMap<>();
    private boolean isRefused;
    private boolean isDrained;
    private long life;

    StorageNode(
            World world,
            SimRandom random,
            SimStorage storage,
            int number,
            ChunkSettings settings,
            ControlTimes times,
            boolean scrubs,
            ServingListener serving) {
        this.scrubs = scrubs;
        this.world = world;
        this.random = random;
        this.storage = storage;
        this.number = number;
        this.settings = settings;
        this.times = times;
        this.serving = serving;
        nodeUuid = new UUID(random.nextLong(), random.nextLong());
        deviceUuid = new UUID(random.nextLong(), random.nextLong());
    }

    /// The device's number in the map; 0 before it was ever registered.
    int deviceId() {
        return deviceId;
    }

    String host() {
        return "node" + number;
    }

    SimStorage storage() {
        return storage;
    }

    boolean isRunning() {
        return process != null;
    }

    boolean isServing() {
        return device != null;
    }

    /// Whether the device is the primary of a placement group and takes requests.
    boolean serves(int pg) {
        return device != null && device.state(pg) == PgState.SERVING;
    }

    /// Whether a read of a placement group would be answered at this moment.
    boolean servesReads(int pg) {
        return device != null && device.servesReads(pg);
    }

    /// The device acts by a map from now on.
    void told(ClusterMap map) {
        world.told(deviceId, map);
    }

    /// An operator has said that no copy belongs on the device any more.
    void drained() {
        isDrained = true;
    }

    boolean isDrained() {
        return isDrained;
    }

    /// Walks over all its shards that the device has done in its life.
    long walks() {
        if (device == null) {
            return 0;
        }
        return device.scrub().status().walks();
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

    /// Begin a process.
    void start() {
        assert process == null;
        life++;
        isRefused = false;
        final SimProcess made = new SimProcess(world, host());
        final SimReactor on = made.reactor("device");
        process = made;
        deviceReactor = on;
        world.note(host() + " starts, life " + life);
        storage.open(
                on,
                opened -> {
                    if (!made.hasEnded()) {
                        listen(made, on, opened);
                    }
                },
                reason -> {
                    if (!made.hasEnded()) {
                        world.note(host() + ": its device cannot be opened: " + reason);
                        isRefused = true;
                        world.coverage().saw(Sighting.DISK_REFUSED);
                        register(made, on, List.of(), (_, _) -> {});
                    }
                });
    }

    private void listen(SimProcess of, SimReactor on, ShardStore opened) {
        store = opened;
        final SimEndpoint network = of.dataNetwork(on, PeerIdentity.Role.CHUNK);
        network.listen(new NodeAddress(host(), PORT), peer -> {
            final ChunkDevice at = device;
            return at == null ? null : at.accept(peer);
        });
        final long capacityBytes = storeOf().capacity().totalBytes();
        register(
                of,
                on,
                List.of(new DeviceRegistration(deviceUuid, capacityBytes, "ssd", host(), PORT)),
                (id, link) -> serve(of, on, network, id, link));
    }

    /// Say to the metaserver that the node is there; without its device, if that cannot be opened.
    private void register(SimProcess of, SimReactor on, List<DeviceRegistration> devices, ControlLink.Serve serve) {
        final SimReactor control = of.reactor("control");
        final SimEndpoint controlNetwork = of.controlNetwork(control, PeerIdentity.Role.CHUNK);
        control.reactor().post(() -> {
            final NodeRegistration registration = new NodeRegistration(
                    nodeUuid, host(), NodeRole.CHUNK, "simulation", "room", "rack", host(), Simulation.SET, devices);
            final ControlLink link = new ControlLink(control.reactor(), on.reactor(), times, this, serve);
            link.start(new MetaClient(
                    control.reactor(), controlNetwork, times.clientOptions(registration, random.nextLong() | 1), link));
        });
    }

    /// Be a device of the cluster. In the device's reactor.
    private void serve(SimProcess of, SimReactor on, SimEndpoint network, int id, ControlLink link) {
        if (device != null || of.hasEnded()) {
            return;
        }
        deviceId = id;
        final ShardStore opened = Objects.requireNonNull(store);
        final ChunkDevice made = new ChunkDevice(on.reactor(), network, opened, id, life, link.membership(), settings);
        device = made;
        if (scrubs) {
            made.scrub().rate(SCRUB_BYTES_PER_SECOND, SCRUB_REST_NS);
        }
        made.onPgChange((pg, epoch, state) -> {
            world.note("device " + id + " pg " + pg + " epoch " + epoch + " " + state);
            observe(pg, state);
            if (state == PgState.SERVING) {
                serving.serves(id, pg, epoch);
            }
        });
        world.note(host() + " is device " + id);
    }

    private void observe(int pg, PgState state) {
        final PgState before = states.put(pg, state);
        if (before == PgState.RECONCILING && state != PgState.SERVING) {
            world.coverage().saw(Sighting.FAIL_OVER_WHILE_COMPARING);
        } else if (before == PgState.LEFT_OUT && state == PgState.SECONDARY) {
            world.coverage().saw(Sighting.COPY_RETURNED);
        }
    }

    /// Note what the process that runs has counted.
    void observe() {
        final ChunkDevice present = device;
        if (present != null) {
            OBSERVED.forEach((counter, sighting) ->
                    world.coverage().saw(sighting, present.counters().value(counter)));
        }
        storage.observe();
    }

    /// The production store of the process that runs.
    ChunkStore storeOf() {
        return Objects.requireNonNull(storage.store(), "asked for while the store is open");
    }

    /// End the process, at this very moment.
    void crash(boolean isPowerCut) {
        final SimProcess last = process;
        if (last == null) {
            return;
        }
        world.note(host() + (isPowerCut ? " loses power" : " is killed"));
        observe();
        states.clear();
        last.end(isPowerCut);
        storage.crash(isPowerCut);
        process = null;
        device = null;
        store = null;
    }

    /// Let the device's reactor not run for a while; the process's others do.
    void hang(long untilNs) {
        if (process != null && deviceReactor != null) {
            deviceReactor.pause(untilNs);
        }
    }

    /// Let the process not run for a while.
    void pause(long untilNs) {
        if (process != null) {
            process.pause(untilNs);
        }
    }
}
