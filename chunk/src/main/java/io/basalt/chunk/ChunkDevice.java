package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Incoming;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.ShardRouter;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.store.chunk.Durability;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.Sessions;
import io.basalt.wire.data.ShardEntry;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One storage device as the cluster sees it: answers gates and other devices' primaries for every placement
/// group that
/// has a copy here. Everything of it lives in one reactor.
///
/// ```
///  Incoming ─ type ─┬─ READ ───────▶ Read ────────┐
///                   ├─ WRITE … ────▶ Change ──────┼─▶ ShardStore
///                   └─ REPLICATE … ▶ ReplicaOperation ─┘      Change ─▶ Peer ─▶ other devices
/// ```
///
/// Refuses everything until it knows a map and the attach generations of all volumes
/// ([#generationsAreKnown()]). Core: it
/// is told of maps and generations by its owner, and tells its wishes to a [Membership].
///
/// Allocates nothing per request, after each gate's first one.
public final class ChunkDevice implements Network.Acceptor, ConnectionListener {
    private final Reactor reactor;
    private final Network network;
    private final ShardStore store;
    private final int deviceId;
    private final long life;
    private final Membership membership;
    private final ReplicationRules rules;
    private final ChunkSettings settings;
    private final ChunkCounters counters = new ChunkCounters();
    private final Generations generations = new Generations();
    private final Promises promises = new Promises();
    private final RangeOrder order;
    private final IdentityWindows identities;
    private final Arena arena = Arena.ofShared();
    private final Scratch scratch;
    private final Pool<Read> reads;
    private final Pool<Change> changes;
    private final Pool<ReplicaOperation> operations;
    private final Pool<VersionsOperation> versionsOperations;
    private final Pool<ReplicaCall> calls;
    private final Map<Integer, Peer> peers = new TreeMap<>();
    private final long graceUntilNs;

    private final Service clients = new Service() {
        @Override
        public void request(Incoming request) {
            clientRequest(request);
        }

        @Override
        public int payloadBytesMax(int type) {
            return type == DataMessage.WRITE ? DataMessage.DATA_BYTES_MAX : 0;
        }
    };

    private final Service primaries = new Service() {
        @Override
        public void request(Incoming request) {
            replicaRequest(request);
        }

        @Override
        public int payloadBytesMax(int type) {
            return type == DataMessage.REPLICATE_WRITE ? DataMessage.DATA_BYTES_MAX : 0;
        }
    };

    private @Nullable PgReplica[] replicas = new @Nullable PgReplica[0];

    private @Nullable ClusterMap map;

    private @Nullable Timer timer;

    private @Nullable PgListener pgListener;

    private boolean generationsKnown;
    private int connectionNumber;
    private boolean closed;

    /// Hears of the states of placement groups. For operators' views and simulation. Control plane.
    @FunctionalInterface
    public interface PgListener {
        /// A placement group's replica here is in another state.
        void changed(int pg, int epoch, PgState state);
    }

    /// A device that refuses everything until it is told a map.
    ///
    /// @param reactor drives everything; this is called in its thread
    /// @param network connects to other devices; to be listened on with this as acceptor by the owner
    /// @param store open; stays the owner's. Its durability must not be [Durability#FLUSH]: a copy that forgets
    ///     what it
    ///     has acknowledged cannot be told from a good one
    /// @param deviceId the device's number in the map
    /// @param life higher than that of every earlier process that served the device: milliseconds of a wall
    ///     clock, say
    public ChunkDevice(
            Reactor reactor,
            Network network,
            ShardStore store,
            int deviceId,
            long life,
            Membership membership,
            ReplicationRules rules,
            ChunkSettings settings) {
        if (store.durability() == Durability.FLUSH) {
            throw new IllegalArgumentException("device " + deviceId
                    + ": durability class flush cannot serve in a cluster, because acknowledged writes could be lost"
                    + " without notice; open the store with plp or fua");
        }
        this.reactor = reactor;
        this.network = network;
        this.store = store;
        this.deviceId = deviceId;
        this.life = life;
        this.membership = membership;
        this.rules = rules;
        this.settings = settings;
        order = new RangeOrder(rules);
        identities = new IdentityWindows(settings.gatesMax());
        scratch = new Scratch(arena, settings.scratchCount());
        reads = new Pool<>(settings.requestsMax(), () -> new Read(this));
        changes = new Pool<>(settings.requestsMax() + settings.scratchCount(), () -> new Change(this));
        operations = new Pool<>(settings.replicasMax(), () -> new ReplicaOperation(this));
        versionsOperations =
                new Pool<>(4, () -> new VersionsOperation(this, store.shardBytes() / DataMessage.BLOCK_BYTES));
        calls = new Pool<>(settings.requestsMax() * 2 + 64, () -> new ReplicaCall(arena));
        graceUntilNs = reactor.clock().nanoTime() + settings.promiseNs();
        network.useMemory(scratch.table(), Network.MemoryKind.OWN);
        store.useMemory(scratch.table());
        store.useMemory(network.payloadTable());
        scheduleTick();
    }

    // What the owner says.

    /// There is a newer map; older ones are ignored.
    public void mapChanged(ClusterMap newer) {
        assert reactor.inLoop();
        final ClusterMap before = map;
        if (before != null && newer.version() <= before.version()) {
            return;
        }
        map = newer;
        if (before == null) {
            replicas = new @Nullable PgReplica[newer.pgCount()];
        }
        for (final Device each : newer.devices()) {
            final Peer peer = peers.get(each.id());
            if (peer != null) {
                peer.moved(addressOf(each));
            }
        }
        for (int pg = 0; pg < newer.pgCount(); pg++) {
            if (replicas[pg] != null
                    || (newer.pgTable().epoch(pg) > 0 && newer.pgTable().indexOf(pg, deviceId) >= 0)) {
                replica(pg).configure(PgConfiguration.of(newer.pgTable(), pg));
            }
        }
        if (before == null) {
            noteVersions();
        }
    }

    /// An attachment has a generation: requests of older ones are refused from now on.
    public void generationRaised(long volumeId, long generation) {
        assert reactor.inLoop();
        generations.raise(volumeId, generation);
    }

    /// The generations of all volumes have been told since this device began: it may serve.
    public void generationsAreKnown() {
        generationsKnown = true;
    }

    /// Hear of the states of placement groups, instead of who did before.
    public void onPgChange(PgListener listener) {
        pgListener = listener;
    }

    /// What this device is to a placement group.
    public PgState state(int pg) {
        final PgReplica replica = pg < replicas.length ? replicas[pg] : null;
        return replica == null ? PgState.ABSENT : replica.state();
    }

    /// What this device's replicas do and wait for, a line each. For people; control plane.
    public String describe() {
        final StringBuilder text = new StringBuilder("device " + deviceId);
        for (final PgReplica replica : replicas) {
            text.append(replica == null ? "" : System.lineSeparator() + replica);
        }
        return text.toString();
    }

    /// What is counted. Any thread.
    public ChunkCounters counters() {
        return counters;
    }

    /// Number of the device.
    public int deviceId() {
        return deviceId;
    }

    /// Whether nothing is under way.
    public boolean isIdle() {
        return reads.isWhole() && changes.isWhole() && operations.isWhole() && versionsOperations.isWhole();
    }

    /// Stop all activity of its own: nothing more is sent, and what waits is answered NOT_PRIMARY. The owner
    /// then closes the network and, when
    /// [Network#isClosed()], the store, and calls [#release()].
    public void close() {
        closed = true;
        final Timer last = timer;
        if (last != null) {
            last.cancel();
        }
        for (final PgReplica replica : replicas) {
            if (replica != null) {
                replica.stop();
            }
        }
    }

    /// Give the memory back: network and store are closed.
    public void release() {
        assert closed;
        arena.close();
    }

    @Override
    public Network.@Nullable Acceptance accept(PeerIdentity peer) {
        return switch (peer.role()) {
            case GATE, TOOL -> new Network.Acceptance(clients, this);
            case CHUNK -> new Network.Acceptance(primaries, this);
            case META -> null;
        };
    }

    @Override
    public void ready(Connection connection) {}

    @Override
    public void closed(Connection connection, String reason) {}

    // Requests of gates.

    private void clientRequest(Incoming in) {
        final int type = in.type();
        final MemorySegment body = in.body();
        if (ClientRequest.violation(type, body, in.bodyLength(), in.payloadLength()) != null) {
            counters.count(Counter.BAD_REQUESTS);
            answer(in, AnswerCode.BAD_REQUEST, 0, 0);
            return;
        }
        final int pg = ShardRange.pg(body);
        final PgReplica replica = pg < replicas.length ? replicas[pg] : null;
        if (replica == null || !generationsKnown || closed) {
            counters.count(Counter.MISDIRECTED);
            answer(in, AnswerCode.NOT_PRIMARY, 0, 0);
            return;
        }
        final AnswerCode refusal = refusal(in, replica);
        if (refusal != null) {
            final long value = refusal == AnswerCode.FENCED ? generations.of(ShardRange.volumeId(body)) : 0;
            answer(in, refusal, replica.epoch(), value);
            return;
        }
        switch (type) {
            case DataMessage.READ -> read(in, replica);
            case DataMessage.FLUSH -> answer(in, AnswerCode.OK, replica.epoch(), 0);
            default -> change(in, replica);
        }
    }

    /// Why a well-formed request of a gate is not taken; null if it is.
    private @Nullable AnswerCode refusal(Incoming in, PgReplica replica) {
        final MemorySegment body = in.body();
        if (rules.isStaleEpoch(ShardRange.epoch(body), replica.epoch())) {
            counters.count(Counter.MISDIRECTED);
            return AnswerCode.STALE_EPOCH;
        }
        if (!replica.isServing()) {
            counters.count(Counter.MISDIRECTED);
            return replica.state().isPrimary() ? AnswerCode.NO_LEASE : AnswerCode.NOT_PRIMARY;
        }
        if (ShardRange.epoch(body) > replica.epoch()) {
            return AnswerCode.NO_LEASE;
        }
        final long volumeId = ShardRange.volumeId(body);
        final long generation = ShardRange.generation(body);
        if (rules.isFenced(generation, generations.of(volumeId))) {
            counters.count(Counter.FENCED);
            return AnswerCode.FENCED;
        }
        generations.raise(volumeId, generation);
        if (in.type() != DataMessage.FLUSH && isOutside(body, replica.pg())) {
            counters.count(Counter.BAD_REQUESTS);
            return AnswerCode.BAD_REQUEST;
        }
        return null;
    }

    /// Whether a range is in another placement group than was said, or not in a shard.
    private boolean isOutside(MemorySegment body, int pg) {
        return pgOf(ShardRange.partId(body), ShardRange.shardIndex(body)) != pg
                || ShardRange.offset(body) > store.shardBytes() - ShardRange.length(body);
    }

    private void read(Incoming in, PgReplica replica) {
        if (!replica.mayRead()) {
            counters.count(Counter.NO_LEASE);
            answer(in, AnswerCode.NO_LEASE, replica.epoch(), 0);
            return;
        }
        final Read read = reads.take();
        if (read == null) {
            counters.count(Counter.BUSY);
            answer(in, AnswerCode.BUSY, replica.epoch(), 0);
        } else {
            read.begin(in, replica);
        }
    }

    private void change(Incoming in, PgReplica replica) {
        final MemorySegment body = in.body();
        final long sequence = ClientRequest.sequence(body);
        final long oldest = ClientRequest.oldest(body);
        final IdentityWindow window =
                identities.of(ClientRequest.gateInstance(body), replica.pg(), oldest, reactor.nowNs());
        if (window == null) {
            counters.count(Counter.BUSY);
            answer(in, AnswerCode.BUSY, replica.epoch(), 0);
            return;
        }
        window.advance(oldest);
        if (window.isBelow(sequence)) {
            answer(in, AnswerCode.STALE_REQUEST, replica.epoch(), 0);
            return;
        }
        if (rules.remembersIdentities()) {
            final AnswerCode earlier = window.isBeyond(sequence) ? null : window.answer(sequence);
            final Change underWay = window.isBeyond(sequence) ? null : window.underWay(sequence);
            if (earlier != null) {
                counters.count(Counter.REPEATED);
                answer(in, earlier, replica.epoch(), 0);
                return;
            }
            if (underWay != null) {
                counters.count(Counter.REPEATED);
                underWay.join(in);
                return;
            }
        }
        final Change change =
                window.isBeyond(sequence) || changes.available() <= settings.scratchCount() ? null : changes.take();
        if (change == null) {
            counters.count(Counter.BUSY);
            answer(in, AnswerCode.BUSY, replica.epoch(), 0);
        } else {
            change.begin(in, replica, window);
        }
    }

    // Requests of primaries.

    private void replicaRequest(Incoming in) {
        final int type = in.type();
        final MemorySegment body = in.body();
        if (ReplicaRequest.violation(type, body, in.bodyLength(), in.payloadLength()) != null) {
            counters.count(Counter.BAD_REQUESTS);
            answer(in, AnswerCode.BAD_REQUEST, 0, 0);
            return;
        }
        final int pg = ShardRange.pg(body);
        final PgReplica replica = pg < replicas.length ? replicas[pg] : null;
        if (type == DataMessage.LEASE) {
            lease(in);
        } else if (replica == null || !generationsKnown || closed) {
            answer(in, AnswerCode.NO_LEASE, 0, 0);
        } else if (type == DataMessage.PREPARE) {
            replica.askedToFollow(in);
        } else {
            obey(in, replica);
        }
    }

    private void lease(Incoming in) {
        final MemorySegment body = in.body();
        final boolean given = generationsKnown
                && !closed
                && promises.give(
                        ShardRange.shardIndex(body),
                        ReplicaRequest.session(body),
                        reactor.clock().nanoTime() + settings.promiseNs());
        answer(in, given ? AnswerCode.OK : generationsKnown ? AnswerCode.NO_SESSION : AnswerCode.NO_LEASE, 0, 0);
    }

    private void obey(Incoming in, PgReplica replica) {
        final MemorySegment body = in.body();
        final AnswerCode refusal = replica.refusal(ShardRange.epoch(body), ReplicaRequest.session(body));
        if (refusal != null) {
            counters.count(Counter.MISDIRECTED);
            answer(in, refusal, replica.epoch(), 0);
            return;
        }
        if (in.type() != DataMessage.COPY_SHARDS && isOutside(body, replica.pg())) {
            counters.count(Counter.BAD_REQUESTS);
            answer(in, AnswerCode.BAD_REQUEST, replica.epoch(), 0);
            return;
        }
        final long volumeId = ShardRange.volumeId(body);
        if (volumeId > 0) {
            if (rules.isFenced(ShardRange.generation(body), generations.of(volumeId))) {
                counters.count(Counter.FENCED);
                answer(in, AnswerCode.FENCED, replica.epoch(), generations.of(volumeId));
                return;
            }
            generations.raise(volumeId, ShardRange.generation(body));
        }
        switch (in.type()) {
            case DataMessage.COPY_SHARDS -> listShards(in, replica);
            case DataMessage.COPY_VERSIONS -> tellVersions(in, replica);
            default -> operate(in, replica);
        }
    }

    private void operate(Incoming in, PgReplica replica) {
        final ReplicaOperation operation = operations.take();
        if (operation == null) {
            counters.count(Counter.BUSY);
            answer(in, AnswerCode.BUSY, replica.epoch(), 0);
        } else if (in.type() == DataMessage.COPY_READ) {
            operation.read(in, replica);
        } else {
            operation.apply(in, replica, ReplicaRequest.version(in.body()));
        }
    }

    private void tellVersions(Incoming in, PgReplica replica) {
        final VersionsOperation operation = versionsOperations.take();
        if (operation == null) {
            answer(in, AnswerCode.BUSY, replica.epoch(), 0);
        } else {
            operation.begin(in, replica);
        }
    }

    private void listShards(Incoming in, PgReplica replica) {
        final ShardKey after = new ShardKey(ShardRange.partId(in.body()), ShardRange.shardIndex(in.body()));
        final NavigableMap<ShardKey, Long> shards = ShardListing.of(store, replica.pg(), this::pgOf);
        final int rest = shards.tailMap(after, false).size();
        final int count = Math.min(rest, ShardListing.COUNT_MAX);
        if (count > 0 && !takeAnswerBuffer(in, count * ShardEntry.BYTES)) {
            answer(in, AnswerCode.BUSY, replica.epoch(), 0);
            return;
        }
        if (count > 0) {
            ShardListing.write(
                    shards,
                    after,
                    in.answerPayload().segment(0),
                    in.answerPayload().offset(0));
        }
        AnswerBody.set(in.answerBody(), replica.epoch(), count, rest > count ? 1 : 0);
        in.answer(AnswerCode.OK.code(), AnswerBody.BYTES);
    }

    // For the parts of this device.

    Reactor reactor() {
        return reactor;
    }

    Network network() {
        return network;
    }

    ShardStore store() {
        return store;
    }

    Membership membership() {
        return membership;
    }

    ReplicationRules rules() {
        return rules;
    }

    ChunkSettings settings() {
        return settings;
    }

    RangeOrder order() {
        return order;
    }

    Scratch scratch() {
        return scratch;
    }

    Promises promises() {
        return promises;
    }

    /// Until when this device owes to primaries what it may have promised in an earlier life.
    long graceUntilNs() {
        return graceUntilNs;
    }

    long nowNs() {
        return reactor.nowNs();
    }

    int pgOf(long partId, int shardIndex) {
        return ShardRouter.pgOf(partId, shardIndex, replicas.length);
    }

    long newSession() {
        return Sessions.of(life, connectionNumber++ & Sessions.CONNECTION_MAX);
    }

    long generationOf(long volumeId) {
        return volumeId == 0 ? 0 : generations.of(volumeId);
    }

    void learn(long volumeId, long generation) {
        if (volumeId > 0) {
            generations.raise(volumeId, generation);
        }
    }

    void forgetIdentities(int pg) {
        identities.forget(pg);
    }

    void stateChanged(PgReplica replica) {
        final PgListener listener = pgListener;
        if (listener != null) {
            listener.changed(replica.pg(), replica.ownEpoch(), replica.state());
        }
    }

    /// The way to another device; opened when it is first needed.
    Peer peer(int id) {
        final Peer known = peers.get(id);
        if (known != null) {
            return known;
        }
        final ClusterMap current = Objects.requireNonNull(map);
        final Device device = Objects.requireNonNull(current.device(id));
        final Peer peer = new Peer(this, id, addressOf(device), new ReplicaCall(arena));
        peers.put(id, peer);
        return peer;
    }

    void peerReady(Peer peer) {
        tick();
    }

    void peerLost(Peer peer) {
        for (final PgReplica replica : replicas) {
            if (replica != null) {
                replica.peerLost(peer);
            }
        }
    }

    @Nullable
    ReplicaCall takeCall() {
        return calls.take();
    }

    void giveCall(ReplicaCall call) {
        calls.give(call);
    }

    void give(Read read) {
        reads.give(read);
    }

    void give(Change change) {
        changes.give(change);
    }

    void give(ReplicaOperation operation) {
        operations.give(operation);
    }

    void give(VersionsOperation operation) {
        versionsOperations.give(operation);
    }

    /// Start rewriting whole blocks with what a copy has.
    ///
    /// @return false if there is no room for another change: ask again later
    boolean rebuild(
            PgReplica replica, long partId, int shard, int first, int bytes, int sources, Change.Listener hears) {
        final Change change = changes.take();
        if (change == null) {
            return false;
        }
        change.begin(replica, partId, shard, first, bytes, sources, hears);
        return true;
    }

    void answer(Incoming in, AnswerCode code, int epoch, long value) {
        AnswerBody.set(in.answerBody(), epoch, 0, value);
        in.answer(code.code(), AnswerBody.BYTES);
    }

    /// Have the answer's payload lie in a buffer of the network's, which becomes its only entry.
    ///
    /// @return false if there is no buffer
    static boolean takeAnswerBuffer(Incoming in, int length) {
        if (!in.takeAnswerBuffer(length)) {
            return false;
        }
        in.answerPayload().reset(in.payloadTable());
        return in.answerPayload().add(in.payloadRegion(), in.payloadOffset(), length);
    }

    /// What a peer asks on a connection that this device has opened: nothing is expected there.
    void refuse(Incoming in) {
        answer(in, AnswerCode.BAD_REQUEST, 0, 0);
    }

    // Time.

    private void scheduleTick() {
        timer = reactor.schedule(settings.tickNs(), () -> {
            tick();
            scheduleTick();
        });
    }

    private void tick() {
        if (closed) {
            return;
        }
        final long nowNs = reactor.nowNs();
        for (final Peer peer : peers.values()) {
            peer.tick(nowNs);
        }
        for (final PgReplica replica : replicas) {
            if (replica != null) {
                replica.tick(nowNs);
            }
        }
    }

    private PgReplica replica(int pg) {
        final PgReplica known = replicas[pg];
        if (known != null) {
            return known;
        }
        final PgReplica replica = new PgReplica(this, pg);
        replicas[pg] = replica;
        return replica;
    }

    /// New versions must be higher than all that are on the device.
    private void noteVersions() {
        store.forEachShard((partId, shardIndex, version, empty) -> {
            final PgReplica replica = replicas[pgOf(partId, shardIndex)];
            if (replica != null) {
                replica.seen(version);
            }
        });
    }

    private static NodeAddress addressOf(Device device) {
        final String text = device.address();
        final int colon = text.lastIndexOf(':');
        return new NodeAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}
