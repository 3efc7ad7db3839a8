package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.NetCounters;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.reactor.Reactor;
import java.util.Set;

/// A network on which every peer speaks version 1 of the protocol. Notes what is sent to them.
final class OldNetwork implements Network {
    private final Network network;
    private final Set<Integer> sent;

    /// @param sent gets the types of all requests
    OldNetwork(Network network, Set<Integer> sent) {
        this.network = network;
        this.sent = sent;
    }

    @Override
    public Connection connect(NodeAddress address, Service service, ConnectionListener listener) {
        return new OldConnection(network.connect(address, service, listener));
    }

    @Override
    public NodeAddress listen(NodeAddress address, Acceptor acceptor) {
        return network.listen(address, acceptor);
    }

    @Override
    public Reactor reactor() {
        return network.reactor();
    }

    @Override
    public RegionTable payloadTable() {
        return network.payloadTable();
    }

    @Override
    public void releasePayload(long payloadOffset) {
        network.releasePayload(payloadOffset);
    }

    @Override
    public void useMemory(RegionTable table, MemoryKind kind) {
        network.useMemory(table, kind);
    }

    @Override
    public void releaseMemory(RegionTable table) {
        network.releaseMemory(table);
    }

    @Override
    public NetCounters counters() {
        return network.counters();
    }

    @Override
    public void close() {
        network.close();
    }

    @Override
    public boolean isClosed() {
        return network.isClosed();
    }

    private final class OldConnection implements Connection {
        private final Connection connection;

        OldConnection(Connection connection) {
            this.connection = connection;
        }

        @Override
        public int version() {
            return 1;
        }

        @Override
        public boolean send(Call call) {
            sent.add(call.type());
            return connection.send(call);
        }

        @Override
        public ConnectionState state() {
            return connection.state();
        }

        @Override
        public PeerIdentity peer() {
            return connection.peer();
        }

        @Override
        public int payloadBytesMax() {
            return connection.payloadBytesMax();
        }

        @Override
        public int inFlight() {
            return connection.inFlight();
        }

        @Override
        public boolean endedByPeer() {
            return connection.endedByPeer();
        }

        @Override
        public void close() {
            connection.close();
        }
    }
}
