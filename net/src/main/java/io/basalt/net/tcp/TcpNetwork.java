package io.basalt.net.tcp;

import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.InternetAddress;
import io.basalt.linux.socket.TcpSocket;
import io.basalt.net.ClusterKey;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.NetException;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.net.session.Session;
import io.basalt.net.session.StreamNetwork;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.wire.ProtocolVersions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/// The network of a production reactor: TCP over the reactor's io_uring.
///
/// Everything that a pass queues for one peer goes out with one send, which is submitted with the pass's
/// other requests. Connections need no polling: a receive is always under way, and its completion wakes a
/// reactor that sleeps.
public final class TcpNetwork extends StreamNetwork {
    private static final int BACKLOG = 512;
    private static final int POOL_ALIGNMENT = 4096;

    /// System property: the highest version of the protocol that this process speaks. For a process that
    /// is to be taken for one of an older release, in tests and in an upgrade that must be taken back.
    private static final String MOST_PROPERTY = "basalt.protocol.most";

    private static final ProtocolVersions SPOKEN = readSpoken();

    private final UringEngine engine;
    private final List<TcpListener> listeners = new ArrayList<>();
    private final UringStreams streams;

    private TcpNetwork(
            Reactor reactor,
            NetOptions options,
            ClusterKey key,
            PeerIdentity self,
            RandomSource nonces,
            Arena arena,
            MemorySegment pool) {
        super(reactor, options, key, self, nonces, arena, pool);
        engine = UringEngine.of(reactor);
        streams = new UringStreams(engine);
        // For good: services may answer what they have taken after the network was closed.
        engine.addHook(this::beforeSubmit);
    }

    /// The versions of the protocol that this process speaks.
    public static ProtocolVersions spoken() {
        return SPOKEN;
    }

    private static ProtocolVersions readSpoken() {
        final ProtocolVersions all = ProtocolVersions.CURRENT;
        final int most = Integer.getInteger(MOST_PROPERTY, all.most());
        return new ProtocolVersions(all.least(), Math.min(Math.max(most, all.least()), all.most()));
    }

    @Override
    protected ProtocolVersions versions() {
        return SPOKEN;
    }

    /// Opens the network of a reactor. In the reactor's thread.
    ///
    /// @param self what peers are told, and have proved to them
    /// @throws IllegalStateException if the reactor has no io_uring
    public static TcpNetwork open(Reactor reactor, NetOptions options, ClusterKey key, PeerIdentity self) {
        assert reactor.inLoop();
        // Kept as long as anything refers to it, such as a request that a service still holds.
        final Arena arena = Arena.ofAuto();
        final SecureRandom random = new SecureRandom();
        final MemorySegment pool = arena.allocate(options.poolBytes(), POOL_ALIGNMENT);
        return new TcpNetwork(reactor, options, key, self, random::nextLong, arena, pool);
    }

    @Override
    public Connection connect(NodeAddress address, Service service, ConnectionListener listener) {
        final InternetAddress target = internetAddress(address);
        FileDescriptor socket = null;
        String broken = null;
        try {
            socket = TcpSocket.open(target.family());
        } catch (LinuxException e) {
            broken = e.getMessage();
        }
        final Session session = initiate(service, listener);
        start(session, new UringStream(streams, session, socket, address.toString(), target, broken));
        return session;
    }

    @Override
    public NodeAddress listen(NodeAddress address, Acceptor acceptor) {
        assert !isClosing() : "a closed network does not listen";
        final FileDescriptor socket;
        final int port;
        try {
            socket = TcpSocket.listen(internetAddress(address), address.toString(), BACKLOG);
            port = TcpSocket.localPort(socket.number());
        } catch (LinuxException e) {
            throw new NetException("cannot listen on " + address + ": " + e.getMessage()
                    + "; choose an address of this host and a port that nobody uses");
        }
        listeners.add(new TcpListener(this, socket, acceptor));
        return new NodeAddress(address.host(), port);
    }

    @Override
    protected void closeListeners() {
        listeners.forEach(TcpListener::close);
    }

    @Override
    protected boolean listenersClosed() {
        for (final TcpListener listener : listeners) {
            if (!listener.isClosed()) {
                return false;
            }
        }
        return true;
    }

    UringEngine engine() {
        return engine;
    }

    /// A stranger has connected.
    void accepted(FileDescriptor socket, Acceptor acceptor) {
        final String peer = TcpSocket.peerName(socket.number());
        final Session session = accept(acceptor);
        start(session, new UringStream(streams, session, socket, peer, null, null));
    }

    private void start(Session session, UringStream stream) {
        attach(session, stream);
        stream.start();
    }

    private void beforeSubmit() {
        streams.retry();
        flush();
    }

    private static InternetAddress internetAddress(NodeAddress address) {
        try {
            return InternetAddress.of(address.host(), address.port());
        } catch (LinuxException e) {
            throw new NetException("cannot use address " + address + ": " + e.getMessage());
        }
    }
}
