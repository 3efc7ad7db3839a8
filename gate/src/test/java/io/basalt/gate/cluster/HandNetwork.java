package io.basalt.gate.cluster;

import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.NetCounters;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.reactor.Reactor;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ServiceTimes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A network whose peers are played by hand: what is sent is looked at and answered by the test, call by call.
final class HandNetwork implements Network {
    private final Reactor reactor;
    final Map<String, HandConnection> connections = new HashMap<>();
    final List<String> connects = new ArrayList<>();
    final Map<RegionTable, Integer> memory = new HashMap<>();
    int credits = Integer.MAX_VALUE;

    /// Whether connections become ready at once.
    boolean reachable = true;

    HandNetwork(Reactor reactor) {
        this.reactor = reactor;
    }

    /// A connection on which nothing happens by itself.
    final class HandConnection implements Connection {
        final String address;
        final ConnectionListener listener;
        final List<Call> sent = new ArrayList<>();
        ConnectionState state = ConnectionState.CONNECTING;
        boolean throwsOnSend;

        HandConnection(String address, ConnectionListener listener) {
            this.address = address;
            this.listener = listener;
        }

        @Override
        public boolean send(Call call) {
            if (throwsOnSend) {
                throw new InternalError("memory is gone");
            }
            if (state != ConnectionState.READY || sent.size() >= credits) {
                return false;
            }
            final String violation = ClientRequest.violation(
                    call.type(),
                    call.body(),
                    call.bodyLength(),
                    call.type() == DataMessage.WRITE ? (int) call.outgoing().byteCount() : 0);
            if (violation != null) {
                throw new AssertionError("a request breaks the protocol: " + violation);
            }
            sent.add(call);
            return true;
        }

        void ready() {
            state = ConnectionState.READY;
            listener.ready(this);
        }

        /// Everything under way is lost, and the connection with it.
        void lose() {
            state = ConnectionState.CLOSING;
            final List<Call> lost = List.copyOf(sent);
            sent.clear();
            lost.forEach(call -> call.completed(CallStatus.DISCONNECTED, 0));
            state = ConnectionState.CLOSED;
            connections.remove(address, this);
            listener.closed(this, "lost by the test");
        }

        void end(Call call, CallStatus status) {
            sent.remove(call);
            call.completed(status, 0);
        }

        void answer(Call call, AnswerCode code, int epoch, long value) {
            sent.remove(call);
            AnswerBody.set(call.answerBody(), epoch, 0, value);
            call.answerBodyLength(AnswerBody.BYTES);
            call.answerPayloadLength(code == AnswerCode.OK ? call.incoming().byteCount() : 0);
            call.completed(CallStatus.ANSWERED, code.code());
        }

        /// Answer the oldest request, and say where its time went.
        void answer(int device, long queueNs, long storeNs, int[] replicas, long[] replicaNs) {
            final Call call = sent.removeFirst();
            AnswerBody.set(call.answerBody(), 1, 0, 0);
            ServiceTimes.set(call.answerBody(), device, queueNs, storeNs);
            ServiceTimes.replicas(call.answerBody(), replicas[0], replicaNs[0], replicas[1], replicaNs[1]);
            call.answerBodyLength(ServiceTimes.BYTES);
            call.answerPayloadLength(call.incoming().byteCount());
            call.completed(CallStatus.ANSWERED, AnswerCode.OK.code());
        }

        /// Answer the oldest request.
        void answer(AnswerCode code) {
            answer(sent.getFirst(), code, 1, 0);
        }

        @Override
        public boolean endedByPeer() {
            return false;
        }

        @Override
        public ConnectionState state() {
            return state;
        }

        @Override
        public PeerIdentity peer() {
            return new PeerIdentity(PeerIdentity.Role.CHUNK, 1, "chunk");
        }

        @Override
        public int payloadBytesMax() {
            return 64 << 10;
        }

        @Override
        public int inFlight() {
            return sent.size();
        }

        @Override
        public void close() {
            reactor.post(this::lose);
            state = ConnectionState.CLOSING;
        }
    }

    /// The connection to a device; fails if there is none.
    HandConnection to(int device) {
        final HandConnection connection = connections.get(TestMaps.address(device));
        if (connection == null) {
            throw new AssertionError("no connection to device " + device);
        }
        return connection;
    }

    @Override
    public Connection connect(NodeAddress address, Service service, ConnectionListener listener) {
        final HandConnection made = new HandConnection(address.toString(), listener);
        connects.add(address.toString());
        connections.put(address.toString(), made);
        if (reachable) {
            reactor.post(made::ready);
        } else {
            reactor.post(made::lose);
        }
        return made;
    }

    @Override
    public NodeAddress listen(NodeAddress address, Acceptor acceptor) {
        throw new AssertionError("a gate takes no connections");
    }

    @Override
    public Reactor reactor() {
        return reactor;
    }

    @Override
    public RegionTable payloadTable() {
        return RegionTable.EMPTY;
    }

    @Override
    public void releasePayload(long payloadOffset) {
        throw new AssertionError("a gate keeps no payload");
    }

    @Override
    public void useMemory(RegionTable table, MemoryKind kind) {
        memory.merge(table, 1, Integer::sum);
    }

    @Override
    public void releaseMemory(RegionTable table) {
        memory.merge(table, -1, Integer::sum);
    }

    @Override
    public NetCounters counters() {
        return new NetCounters();
    }

    @Override
    public void close() {}

    @Override
    public boolean isClosed() {
        return true;
    }
}
