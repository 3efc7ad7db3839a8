package io.basalt.net.session;

import io.basalt.block.RegionTable;
import io.basalt.net.ClusterKey;
import io.basalt.net.ConnectionListener;
import io.basalt.net.NetCounters;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import io.basalt.wire.Checksum;
import io.basalt.wire.HandshakeMessage;
import io.basalt.wire.ProtocolVersions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// What every network over byte streams has: the sessions, their memory, and the list of those that have
/// something to send. Its subclasses bring the streams and say when a pass ends ([#flush]).
public abstract class StreamNetwork implements Network {
    private final Reactor reactor;
    private final NetOptions options;
    private final ClusterKey key;
    private final PeerIdentity self;
    private final RandomSource nonces;
    private final MemorySegment poolMemory;
    private final RegionTable payloadTable;
    private final BufferPool pool;
    private final MemoryRegistry registry = new MemoryRegistry();
    private final MemoryRegistry.Registered poolViews;
    private final Checksum checksum = new Checksum();
    private final LinkMemory.Supply linkMemory;
    private final Arena arena;
    private final ArrayDeque<MemorySegment> handshakeMemory = new ArrayDeque<>();
    private final NetCounters counters = new NetCounters();
    private final Set<Session> sessions = new LinkedHashSet<>();

    /// Accepted and not ready, oldest first.
    private final Set<Session> strangers = new LinkedHashSet<>();

    private List<Session> dirty = new ArrayList<>();
    private List<Session> flushing = new ArrayList<>();
    private boolean closing;

    /// @param nonces must be hard to guess in production
    /// @param arena of the memory of connections; outlives the network
    /// @param poolMemory of `options.poolBytes()` bytes, aligned to 4096, of this process alone
    protected StreamNetwork(
            Reactor reactor,
            NetOptions options,
            ClusterKey key,
            PeerIdentity self,
            RandomSource nonces,
            Arena arena,
            MemorySegment poolMemory) {
        this.reactor = reactor;
        this.options = options;
        this.key = key;
        this.self = self;
        this.nonces = nonces;
        this.arena = arena;
        this.poolMemory = poolMemory;
        payloadTable = new RegionTable(List.of(poolMemory));
        pool = new BufferPool(options.poolBytes(), options.payloadBytesMax());
        registry.use(payloadTable, MemoryKind.OWN);
        poolViews = Objects.requireNonNull(registry.find(payloadTable), "it was registered just now");
        linkMemory = new LinkMemory.Supply(
                arena,
                options.receiveBytes(),
                FrameWriter.MEMORY_BYTES,
                options.requestsMax() * IncomingRequest.MEMORY_BYTES);
    }

    // ---- for subclasses ----

    /// A session for a stream that this side opens.
    protected final Session initiate(Service service, ConnectionListener listener) {
        assert reactor.inLoop();
        assert !closing : "a closed network opens no connection";
        return added(Session.initiator(this, service, listener));
    }

    /// A session for a stream that a stranger has opened. If there are too many strangers, the one that came
    /// first has to go: a true peer needs only a moment, so those that stay long are of the other kind.
    protected final Session accept(Acceptor acceptor) {
        assert reactor.inLoop();
        if (strangers.size() >= options.unauthenticatedMax()) {
            final Session oldest = strangers.iterator().next();
            counters.handshakesEvicted++;
            strangers.remove(oldest);
            oldest.fail("too many connections in their handshake");
        }
        final Session session = added(Session.acceptor(this, acceptor));
        strangers.add(session);
        return session;
    }

    /// Give a session its stream; right after it was made.
    protected final void attach(Session session, ByteStream stream) {
        session.stream(stream);
    }

    /// Have every session that has something to send begin with it.
    ///
    /// @return how many had
    protected final int flush() {
        if (dirty.isEmpty()) {
            return 0;
        }
        final List<Session> now = dirty;
        dirty = flushing;
        flushing = now;
        final long nowNs = reactor.nowNs();
        for (int i = 0; i < now.size(); i++) {
            final Session session = now.get(i);
            session.dirty = false;
            session.flush(nowNs);
        }
        final int count = now.size();
        now.clear();
        return count;
    }

    /// Whether a session has something to send.
    protected final boolean hasUnflushed() {
        return !dirty.isEmpty();
    }

    /// Stop listening and give back what only this network uses. Called once by [#close()], before the sessions
    /// end.
    protected abstract void closeListeners();

    /// Whether every listener has come to its end.
    protected abstract boolean listenersClosed();

    /// Whether [#close()] was called.
    protected final boolean isClosing() {
        return closing;
    }

    // ---- Network ----

    @Override
    public final Reactor reactor() {
        return reactor;
    }

    @Override
    public final RegionTable payloadTable() {
        return payloadTable;
    }

    @Override
    public final void useMemory(RegionTable table, MemoryKind kind) {
        registry.use(table, kind);
    }

    @Override
    public final void releaseMemory(RegionTable table) {
        registry.release(table);
    }

    @Override
    public final void releasePayload(long payloadOffset) {
        pool.give(payloadOffset);
    }

    @Override
    public final NetCounters counters() {
        return counters;
    }

    @Override
    public final void close() {
        assert reactor.inLoop();
        if (closing) {
            return;
        }
        closing = true;
        closeListeners();
        for (final Session session : List.copyOf(sessions)) {
            session.fail("this side closes its network");
        }
    }

    @Override
    public final boolean isClosed() {
        return closing && sessions.isEmpty() && listenersClosed() && dirty.isEmpty();
    }

    // ---- for sessions ----

    final NetOptions options() {
        return options;
    }

    /// The versions of the protocol that connections offer and take.
    protected ProtocolVersions versions() {
        return ProtocolVersions.CURRENT;
    }

    final ClusterKey key() {
        return key;
    }

    final PeerIdentity self() {
        return self;
    }

    final RandomSource nonces() {
        return nonces;
    }

    final BufferPool pool() {
        return pool;
    }

    final MemorySegment poolMemory() {
        return poolMemory;
    }

    final MemoryRegistry registry() {
        return registry;
    }

    final LinkMemory.Supply linkMemory() {
        return linkMemory;
    }

    /// The checksum of a buffer of the pool.
    final int poolChecksum(long offset, int length) {
        checksum.reset();
        poolViews.update(checksum, 0, offset, length);
        return checksum.value();
    }

    final MemorySegment handshakeMemory() {
        final MemorySegment used = handshakeMemory.poll();
        return used != null ? used : arena.allocate(Handshake.MEMORY_BYTES, HandshakeMessage.NONCE_BYTES);
    }

    final void giveHandshakeMemory(MemorySegment memory) {
        handshakeMemory.push(memory);
    }

    /// A session has something to send.
    final void dirty(Session session) {
        if (!session.dirty) {
            session.dirty = true;
            dirty.add(session);
        }
    }

    final void ready(Session session) {
        strangers.remove(session);
        counters.connectionsOpened++;
    }

    final void ended(Session session) {
        strangers.remove(session);
        sessions.remove(session);
        counters.connectionsClosed++;
    }

    private Session added(Session session) {
        sessions.add(session);
        return session;
    }

    /// Bytes of the pool that no request and no answer uses.
    public final long poolFreeBytes() {
        return pool.freeBytes();
    }

    /// Connections that have not come to their end.
    public final int connectionCount() {
        return sessions.size();
    }
}
