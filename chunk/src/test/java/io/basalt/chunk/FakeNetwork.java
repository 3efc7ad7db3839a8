package io.basalt.chunk;

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
import io.basalt.wire.data.DataMessage;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A network on which every peer is there and says OK to everything when it is polled.
final class FakeNetwork implements Network, Connection {
    private final Reactor reactor;
    private final RegionTable table;
    private final @Nullable Call[] waiting = new @Nullable Call[64];
    private int count;
    private long replicated;
    private final List<ConnectionListener> hear = new ArrayList<>();

    FakeNetwork(Reactor reactor, Arena arena) {
        this.reactor = reactor;
        table = new RegionTable(List.of(arena.allocate(1 << 16, 4096)));
    }

    void poll() {
        while (!hear.isEmpty()) {
            hear.removeLast().ready(this);
        }
        while (count > 0) {
            final Call call = waiting[--count];
            if (call != null) {
                replicated += call.type() == DataMessage.REPLICATE_WRITE ? 1 : 0;
                AnswerBody.set(call.answerBody(), 1, 0, 0);
                call.answerBodyLength(AnswerBody.BYTES);
                call.completed(CallStatus.ANSWERED, AnswerCode.OK.code());
            }
        }
    }

    long replicated() {
        return replicated;
    }

    @Override
    public boolean send(Call call) {
        waiting[count++] = call;
        return true;
    }

    @Override
    public Connection connect(NodeAddress address, Service service, ConnectionListener listener) {
        hear.add(listener);
        return this;
    }

    @Override
    public NodeAddress listen(NodeAddress address, Acceptor acceptor) {
        return address;
    }

    @Override
    public Reactor reactor() {
        return reactor;
    }

    @Override
    public RegionTable payloadTable() {
        return table;
    }

    @Override
    public void useMemory(RegionTable regions, MemoryKind kind) {}

    @Override
    public void releaseMemory(RegionTable regions) {}

    @Override
    public void releasePayload(long kept) {}

    @Override
    public NetCounters counters() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean endedByPeer() {
        return false;
    }

    @Override
    public ConnectionState state() {
        return ConnectionState.READY;
    }

    @Override
    public PeerIdentity peer() {
        return new PeerIdentity(PeerIdentity.Role.CHUNK, 2, "peer");
    }

    @Override
    public int payloadBytesMax() {
        return 1 << 20;
    }

    @Override
    public int inFlight() {
        return count;
    }

    @Override
    public void close() {}

    @Override
    public boolean isClosed() {
        return true;
    }
}
