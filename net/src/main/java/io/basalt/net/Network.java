package io.basalt.net;

import io.basalt.block.RegionTable;
import io.basalt.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/// The way to other nodes on one reactor: makes connections and takes them. Every method belongs to that reactor's
/// thread. Implementations: `net.tcp` (io_uring), `net.sim`.
public interface Network extends AutoCloseable {
    /// Open a connection to a peer.
    ///
    /// @param address where the peer listens
    /// @param service answers the peer's requests
    /// @param listener hears of success and end; also of failure to connect, as an end
    Connection connect(NodeAddress address, Service service, ConnectionListener listener);

    /// Take connections.
    ///
    /// @param address where to listen; port 0 lets the system choose
    /// @return where it listens
    /// @throws NetException if the address cannot be listened on: says which and why
    NodeAddress listen(NodeAddress address, Acceptor acceptor);

    /// The reactor that everything of this network lives in.
    Reactor reactor();

    /// The memory that payloads of requests, and answers made with [Incoming#takeAnswerBuffer], lie in: one table
    /// for all connections, so that a device can register it once.
    RegionTable payloadTable();

    /// Give back what [Incoming#keepPayload()] took over, also after its connection has gone.
    void releasePayload(long payloadOffset);

    /// Calls' payloads will lie in these regions: send from and receive into them in place. Payload in memory
    /// that is not registered here is copied through the network's own memory, which costs a copy and is always
    /// safe. Counted: each call is undone by one [#releaseMemory]. Control plane.
    void useMemory(RegionTable table, MemoryKind kind);

    /// No call in this table's regions is under way or will come. Control plane.
    void releaseMemory(RegionTable table);

    /// What the network has counted since it was made.
    NetCounters counters();

    /// Close every listener and connection. Calls under way complete with [CallStatus#DISCONNECTED] from later
    /// polls; the reactor has to go on turning until [#isClosed()].
    @Override
    void close();

    /// Whether everything has come to its end after [#close()]: the kernel touches no memory of this network or
    /// of its calls any more, and no callback comes. Requests that services have taken are still answered, into
    /// nothing.
    boolean isClosed();

    /// How far memory can be trusted that payload lies in.
    enum MemoryKind {
        /// This process's own: nobody else writes it or takes it away.
        OWN,
        /// Shared with a guest, which may write it at any time, but sealed so that it cannot be taken away.
        SEALED
    }

    /// Decides about a peer that has proved that it has the cluster's key.
    interface Acceptor {
        /// Take or refuse a peer.
        ///
        /// @return what answers its requests, and who hears of its end; null to refuse it
        @Nullable
        Acceptance accept(PeerIdentity peer);
    }

    /// How a peer's requests are answered.
    ///
    /// @param service answers them
    /// @param listener hears of readiness and end
    record Acceptance(Service service, ConnectionListener listener) {}
}
