package io.basalt.net.session;

import io.basalt.net.Call;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.Network.Acceptance;
import io.basalt.net.Network.Acceptor;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.reactor.TimerTask;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One connection from its first byte to its end, over whatever [ByteStream]; see [ConnectionState] for its life.
///
/// **Time.** One timer serves handshake, signs of life and the calls' deadlines; it is moved only when something
/// is due before it, so a call with the usual time limit costs one comparison. A peer that is silent gets one
/// more look before it counts as gone: if this process itself stood still, what the peer said meanwhile is still
/// to be read.
///
/// **End.** [#fail] stops the stream. Only when that says that nothing touches memory any more are the calls
/// completed and the listener told. Requests that services hold are answered into nothing; their memory goes back
/// with the last.
public final class Session extends TimerTask implements Connection, ByteStream.Handler {
    private static final long TICK_NS = 1_000_000;
    private static final long SECOND_LOOK_NS = 50_000_000;

    private final StreamNetwork network;
    private final Handshake handshake;
    private final MemorySegment handshakeMemory;
    private final Pieces handshakeOut = new Pieces(1);
    private final Pieces handshakeIn = new Pieces(1);
    private final @Nullable Acceptor acceptor;
    private final long startedNs;

    private @Nullable ByteStream stream;
    private @Nullable Service service;
    private @Nullable ConnectionListener listener;
    private @Nullable Link link;
    private ConnectionState state = ConnectionState.CONNECTING;
    private String closeReason = "";
    private long lastReceivedNs;
    private long lastSentNs;
    private long wakeNs = Long.MAX_VALUE;
    private boolean suspected;
    private boolean endedByPeer;

    /// Whether the network has this session on its list of those that have something to send.
    boolean dirty;

    private Session(
            StreamNetwork network,
            @Nullable Service service,
            @Nullable ConnectionListener listener,
            @Nullable Acceptor acceptor) {
        this.network = network;
        this.service = service;
        this.listener = listener;
        this.acceptor = acceptor;
        handshakeMemory = network.handshakeMemory();
        handshake = new Handshake(
                network.key(),
                network.self(),
                network.options(),
                network.versions(),
                network.nonces(),
                acceptor == null,
                handshakeMemory);
        startedNs = network.reactor().nowNs();
        lastReceivedNs = startedNs;
        lastSentNs = startedNs;
        wakeBy(startedNs + network.options().handshakeNs());
    }

    /// A session that this side opens.
    static Session initiator(StreamNetwork network, Service service, ConnectionListener listener) {
        return new Session(network, service, listener, null);
    }

    /// A session that a stranger opens, who is told apart by the acceptor once he has proved himself.
    static Session acceptor(StreamNetwork network, Acceptor acceptor) {
        return new Session(network, null, null, acceptor);
    }

    /// Give the session its stream; once.
    void stream(ByteStream newStream) {
        assert stream == null;
        stream = newStream;
    }

    ByteStream stream() {
        return Objects.requireNonNull(stream, "a session has a stream from the beginning");
    }

    StreamNetwork network() {
        return network;
    }

    boolean isReady() {
        return state == ConnectionState.READY;
    }

    boolean isAcceptor() {
        return acceptor != null;
    }

    // ---- the connection's user ----

    @Override
    public boolean send(Call call) {
        assert network.reactor().inLoop();
        final Link current = link;
        return current != null && isReady() && current.send(call);
    }

    @Override
    public ConnectionState state() {
        return state;
    }

    @Override
    public PeerIdentity peer() {
        return handshake.peer();
    }

    @Override
    public int payloadBytesMax() {
        return handshake.peerPayloadMax();
    }

    @Override
    public int inFlight() {
        return link == null ? 0 : link.inFlight();
    }

    @Override
    public int version() {
        return handshake.version();
    }

    @Override
    public boolean endedByPeer() {
        return endedByPeer;
    }

    @Override
    public void close() {
        fail("closed by this side");
    }

    // ---- the stream ----

    @Override
    public void connected() {
        if (state != ConnectionState.CONNECTING) {
            return;
        }
        become(ConnectionState.AUTHENTICATING);
        lastReceivedNs = network.reactor().nowNs();
        if (acceptor == null) {
            sendHandshake(handshake.first());
        }
        expectHandshake();
    }

    @Override
    public void sent(int length) {
        network.counters().bytesSent += length;
        lastSentNs = network.reactor().nowNs();
        if (state != ConnectionState.READY && state != ConnectionState.AUTHENTICATING) {
            return;
        }
        if (handshakeOut.byteCount() > 0) {
            handshakeOut.drop(length);
            if (handshakeOut.byteCount() > 0) {
                stream().send(handshakeOut);
            } else if (state == ConnectionState.READY) {
                network.dirty(this);
            } else if (handshake.step() == Handshake.Step.FAILED) {
                fail(handshake.failure());
            }
            return;
        }
        final Link current = link;
        if (current != null) {
            boolean whole = false;
            try {
                current.sent(length);
                whole = true;
            } finally {
                failUnless(whole);
            }
        }
    }

    @Override
    public void received(int length) {
        network.counters().bytesReceived += length;
        lastReceivedNs = network.reactor().nowNs();
        suspected = false;
        final Link current = link;
        if (state == ConnectionState.READY && current != null) {
            boolean whole = false;
            try {
                current.received(length);
                whole = true;
            } finally {
                failUnless(whole);
            }
        } else if (state == ConnectionState.AUTHENTICATING) {
            handshakeIn.drop(length);
            if (handshakeIn.byteCount() > 0) {
                stream().receive(handshakeIn);
            } else {
                handshakeReceived();
            }
        }
    }

    @Override
    public void failed(String reason) {
        fail(reason);
    }

    @Override
    public void ended(String reason) {
        endedByPeer = state != ConnectionState.CLOSING && state != ConnectionState.CLOSED;
        fail(reason);
    }

    @Override
    public void closed() {
        assert state == ConnectionState.CLOSING;
        final Link current = link;
        if (current != null) {
            current.end();
        }
        network.reactor().cancel(this);
        network.giveHandshakeMemory(handshakeMemory);
        become(ConnectionState.CLOSED);
        network.ended(this);
        final ConnectionListener told = listener;
        if (told != null) {
            told.closed(this, closeReason);
        }
        if (current != null) {
            network.dirty(this);
        }
    }

    /// Give the connection up, for a reason; does nothing if that has happened before.
    void fail(String reason) {
        if (state == ConnectionState.CLOSING || state == ConnectionState.CLOSED) {
            return;
        }
        if (state != ConnectionState.READY) {
            network.counters().handshakesFailed++;
        }
        become(ConnectionState.CLOSING);
        closeReason = stream().peerAddress() + ": " + reason;
        stream().close();
    }

    /// A callback that threw has left bytes unread: the connection cannot go on.
    private void failUnless(boolean whole) {
        if (!whole) {
            fail("a callback on this side failed");
        }
    }

    // ---- handshake ----

    private void sendHandshake(MemorySegment message) {
        handshakeOut.clear();
        handshakeOut.add(message, 0, (int) message.byteSize());
        stream().send(handshakeOut);
    }

    private void expectHandshake() {
        final MemorySegment message = handshake.expected();
        handshakeIn.clear();
        handshakeIn.add(message, 0, (int) message.byteSize());
        stream().receive(handshakeIn);
    }

    private void handshakeReceived() {
        if (handshakeOut.byteCount() > 0) {
            fail("the peer answers what it has not been sent yet");
            return;
        }
        final MemorySegment answer = handshake.received();
        if (answer != null) {
            sendHandshake(answer);
            expectHandshake();
            return;
        }
        switch (handshake.step()) {
            case PROVED -> decide();
            case DONE -> ready();
            default -> fail(handshake.failure());
        }
    }

    private void decide() {
        final Acceptor decider = Objects.requireNonNull(acceptor, "only an acceptor awaits a proof");
        final Acceptance acceptance = decider.accept(handshake.peer());
        if (acceptance != null) {
            service = acceptance.service();
            listener = acceptance.listener();
        }
        sendHandshake(handshake.verdict(acceptance != null));
        if (acceptance != null) {
            ready();
        }
    }

    private void ready() {
        become(ConnectionState.READY);
        final Link made = new Link(
                this,
                Objects.requireNonNull(service, "who is ready has a service"),
                handshake.peerWindow(),
                handshake.peerPayloadMax());
        link = made;
        network.ready(this);
        wakeBy(network.reactor().nowNs() + network.options().heartbeatNs());
        made.receive();
        if (listener != null) {
            listener.ready(this);
        }
    }

    // ---- time ----

    /// Have [#expired] called by then.
    void wakeBy(long timeNs) {
        if (timeNs >= wakeNs) {
            return;
        }
        wakeNs = timeNs;
        network.reactor()
                .schedule(this, Math.max(TICK_NS, timeNs - network.reactor().nowNs()));
    }

    @Override
    protected void expired(long nowNs) {
        wakeNs = Long.MAX_VALUE;
        switch (state) {
            case CONNECTING, AUTHENTICATING -> {
                if (nowNs - startedNs >= network.options().handshakeNs()) {
                    fail(state == ConnectionState.CONNECTING ? "no connection in time" : "no handshake in time");
                } else {
                    wakeBy(startedNs + network.options().handshakeNs());
                }
            }
            case READY -> tick(nowNs);
            case CLOSING, CLOSED -> {}
        }
    }

    private void tick(long nowNs) {
        final Link current = Objects.requireNonNull(link, "who is ready has a link");
        final long silenceNs = network.options().silenceNs();
        final boolean silent = nowNs - lastReceivedNs >= silenceNs;
        final boolean stuck = isSending(current) && nowNs - lastSentNs >= silenceNs;
        if (silent || stuck) {
            if (suspected) {
                fail(silent ? "no sign of life in time" : "the peer takes nothing any more");
                return;
            }
            suspected = true;
            wakeBy(nowNs + SECOND_LOOK_NS);
        } else {
            suspected = false;
        }
        final long heartbeatNs = network.options().heartbeatNs();
        if (nowNs - lastSentNs >= heartbeatNs && !isSending(current)) {
            current.heartbeat();
            wakeBy(nowNs + heartbeatNs);
        } else {
            wakeBy(Math.max(nowNs, lastSentNs) + heartbeatNs);
        }
        wakeBy(current.expire(nowNs));
    }

    private boolean isSending(Link current) {
        return current.isSending() || handshakeOut.byteCount() > 0;
    }

    // ---- sending ----

    /// Begin to send what waits. For the network, at the end of a pass.
    void flush(long nowNs) {
        final Link current = link;
        if (current == null) {
            return;
        }
        switch (state) {
            case READY -> {
                if (handshakeOut.byteCount() == 0) {
                    final boolean was = current.isSending();
                    current.flush(nowNs);
                    lastSentNs = was || !current.isSending() ? lastSentNs : nowNs;
                }
            }
            case CLOSED -> {
                current.flush(nowNs);
                if (current.release()) {
                    link = null;
                }
            }
            case CONNECTING, AUTHENTICATING, CLOSING -> {}
        }
    }

    private void become(ConnectionState next) {
        assert state.canBecome(next) : state + " -> " + next;
        state = next;
    }

    @Override
    public String toString() {
        return "connection to " + stream().peerAddress() + " (" + state + ")";
    }
}
