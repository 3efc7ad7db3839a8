package io.basalt.chunk;

import io.basalt.chunk.schedule.ScheduleStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Incoming;
import io.basalt.net.Network;
import io.basalt.net.PeerIdentity;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ShardRouter;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.store.chunk.Durability;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// One storage device as the cluster sees it: answers gates and other devices' primaries for every
/// placement group that has a copy here. Everything of it lives in one reactor.
///
/// ```
///  gates ──────▶ ClientRequests ──┬─ READ ────▶ Read ───┬─ Scheduler ─┐
///                                 └─ WRITE … ─▶ Change ─┘             ├─▶ ShardStore ◀── Sweep: frees what
///  primaries ──▶ PrimaryRequests ─── REPLICATE … ▶ ReplicaOperation ──┘                  nobody needs
///                                              Change ─▶ Peer ─▶ other devices
/// ```
///
/// Refuses everything until it knows a map and the attach generations of all volumes
/// ([#generationsAreKnown()]). Core: it is told of maps and generations by its owner, and tells its wishes
/// to a [Membership].
///
/// Allocates nothing per request, after each gate's first one.
public final class ChunkDevice implements Network.Acceptor, ConnectionListener {
    private final Reactor reactor;
    private final Network network;
    private final ShardStore store;
    private final int deviceId;
    private final Membership membership;
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
    private final Peers peers;
    private final Sweep sweep;
    private final Scrub scrub;
    private final Work work;
    private final Completeness completeness = new Completeness(this);
    private final ShardListing listing = new ShardListing(this);
    private final long graceUntilNs;

    private final ClientRequests clients = new ClientRequests(this);
    private final PrimaryRequests primaries = new PrimaryRequests(this);
    private @Nullable PgReplica[] replicas = new @Nullable PgReplica[0];
    private @Nullable ClusterMap map;
    private @Nullable Timer timer;
    private @Nullable PgListener pgListener;

    private boolean generationsKnown;
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
    /// @param store open; stays the owner's. Its durability must not be [Durability#FLUSH]: a copy that
    ///     forgets what it has acknowledged cannot be told from a good one
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
        this.membership = membership;
        this.settings = settings;
        order = new RangeOrder();
        work = new Work(this);
        identities = new IdentityWindows(settings.gatesMax());
        scratch = new Scratch(arena, settings.scratchCount());
        reads = new Pool<>(settings.requestsMax(), () -> new Read(this));
        changes = new Pool<>(settings.requestsMax() + settings.scratchCount(), () -> new Change(this));
        operations = new Pool<>(settings.replicasMax(), () -> new ReplicaOperation(this));
        versionsOperations =
                new Pool<>(4, () -> new VersionsOperation(this, store.shardBytes() / DataMessage.BLOCK_BYTES));
        calls = new Pool<>(settings.requestsMax() * 2 + 64, () -> new ReplicaCall(arena));
        sweep = new Sweep(this);
        scrub = new Scrub(this);
        peers = new Peers(this, life);
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
        peers.mapChanged(newer);
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

    /// Some parts were deleted with their volumes, for good: their shards are freed in the background. May be said
    /// again at any time, and is forgotten with the process.
    public void partsDeleted(long[] partIds) {
        assert reactor.inLoop();
        sweep.deleted(partIds);
    }

    /// Look through all shards soon: some may be free to go.
    public void sweepSoon() {
        sweep.soon();
    }

    /// Hear of the states of placement groups, instead of who did before.
    public void onPgChange(PgListener listener) {
        pgListener = listener;
    }

    /// What this device is to a placement group.
    public PgState state(int pg) {
        final PgReplica replica = replicaOf(pg);
        return replica == null ? PgState.ABSENT : replica.state();
    }

    /// Whether a read of a placement group would be answered at this moment. For simulation; in the reactor's thread or
    /// while it rests.
    public boolean servesReads(int pg) {
        final PgReplica replica = replicaOf(pg);
        return replica != null && isOpen() && replica.isServing() && replica.mayRead();
    }

    /// What this device's replicas do and wait for, a line each. For people; control plane.
    public String describe() {
        final StringBuilder text = new StringBuilder("device " + deviceId);
        for (final PgReplica replica : replicas) {
            text.append(replica == null ? "" : System.lineSeparator() + replica);
        }
        return text.toString();
    }

    /// Say how far the copies are that are brought up to date here. Control plane.
    public void repairs(RepairView view) {
        for (final PgReplica replica : replicas) {
            if (replica != null) {
                replica.show(view);
            }
        }
    }

    /// What is counted. Any thread.
    public ChunkCounters counters() {
        return counters;
    }

    /// Say how fast this device and others apply what it has them apply. In the reactor.
    public void paces(PaceView view) {
        peers.show(view);
    }

    /// How its work is scheduled. In the reactor.
    public ScheduleStatus schedule() {
        return work.status();
    }

    /// Number of the device.
    public int deviceId() {
        return deviceId;
    }

    /// Whether nothing is under way.
    public boolean isIdle() {
        return reads.isWhole()
                && changes.isWhole()
                && operations.isWhole()
                && versionsOperations.isWhole()
                && sweep.isIdle()
                && scrub.isIdle();
    }

    /// Stop all activity of its own: nothing more is sent, and what waits is answered NOT_PRIMARY. The
    /// owner then closes the network and, when [Network#isClosed()], the store, and calls [#release()].
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
        work.close();
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
    public void closed(Connection connection, String reason) {
        if (connection.endedByPeer()) {
            promises.ended(connection, reactor.clock().nanoTime(), this::primaryEnded);
        }
    }

    private void primaryEnded(int primary, long session) {
        for (final PgReplica replica : replicas) {
            if (replica != null) {
                replica.primaryEnded(primary, session);
            }
        }
    }

    // For the parts of this device.

    /// Whether some placement groups are all that have a copy here.
    boolean areAllHere(BitSet pgs) {
        final ClusterMap now = map;
        for (int pg = 0; now != null && pg < replicas.length; pg++) {
            if (now.pgTable().indexOf(pg, deviceId) >= 0 && !pgs.get(pg)) {
                return false;
            }
        }
        return now != null;
    }

    /// Whether a placement group has left this device for good: the newest map names others, and all of them are in
    /// sync.
    boolean isElsewhere(int pg) {
        final ClusterMap now = map;
        if (now == null || now.pgTable().epoch(pg) == 0 || now.pgTable().indexOf(pg, deviceId) >= 0) {
            return false;
        }
        final PgReplica replica = replicas[pg];
        final boolean isNewest = replica == null
                || (replica.state() == PgState.ABSENT
                        && replica.epoch() <= now.pgTable().epoch(pg));
        final PgConfiguration there = PgConfiguration.of(now.pgTable(), pg);
        return isNewest && there.inSyncCount() == there.count() && there.count() >= now.minCopies();
    }

    /// What this device is to a placement group; null if it never was anything.
    @Nullable
    PgReplica replicaOf(int pg) {
        return pg < replicas.length ? replicas[pg] : null;
    }

    /// Whether requests are taken: every generation is known, and the device is not being closed.
    boolean isOpen() {
        return generationsKnown && !closed;
    }

    /// Whether a range is in another placement group than was said, or not in a shard.
    boolean isOutside(MemorySegment body, int pg) {
        return pgOf(ShardRange.partId(body), ShardRange.shardIndex(body)) != pg
                || ShardRange.offset(body) > store.shardBytes() - ShardRange.length(body);
    }

    IdentityWindows identities() {
        return identities;
    }

    ShardListing listing() {
        return listing;
    }

    int pgCount() {
        return replicas.length;
    }

    Work work() {
        return work;
    }

    Sweep sweep() {
        return sweep;
    }

    /// The walk that looks for corrupt blocks, and their repair. In the reactor.
    public Scrub scrub() {
        return scrub;
    }

    Completeness completeness() {
        return completeness;
    }

    Peers peers() {
        return peers;
    }

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

    /// Fewest copies that a change must be on before it is acknowledged.
    int minCopies() {
        return map == null ? 1 : map.minCopies();
    }

    /// Copies that a placement group is to have.
    int copies() {
        return map == null ? 1 : map.rule().copies();
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

    /// The way to another device.
    Peer peer(int id) {
        return peers.to(id);
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

    /// A call that is in no pool.
    ReplicaCall newCall() {
        return new ReplicaCall(arena);
    }

    @Nullable
    ReplicaCall takeCall() {
        return calls.take();
    }

    void giveCall(ReplicaCall call) {
        calls.give(call);
    }

    @Nullable
    Read takeRead() {
        return reads.take();
    }

    /// A change for a client's request: some are kept back for repair, on which clients may wait.
    @Nullable
    Change takeClientChange() {
        return changes.available() <= settings.scratchCount() ? null : changes.take();
    }

    /// A change for the cluster's own rewriting.
    @Nullable
    Change takeChange() {
        return changes.take();
    }

    @Nullable
    ReplicaOperation takeOperation() {
        return operations.take();
    }

    @Nullable
    VersionsOperation takeVersionsOperation() {
        return versionsOperations.take();
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
        peers.tick(nowNs);
        for (final PgReplica replica : replicas) {
            if (replica != null) {
                replica.tick(nowNs);
            }
        }
        sweep.tick(nowNs);
        scrub.tick(nowNs);
        work.tick(nowNs);
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
}
