package io.basalt.chunk;

import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.NodeAddress;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Another device, as the primaries on this one see it: the connection to it, and the lease that it has given
/// to them all.
///
/// Messages that find no credit wait here in order. When the connection is lost, all end and the copies on
/// that device have to be asked to follow again, under a new session; the lease is over at once, since the
/// device may have begun a new life in which it has promised nothing. One owner reactor.
final class Peer implements ConnectionListener, ReplicaCall.Owner {
    private final ChunkDevice device;
    private final int deviceId;
    private final ReplicaCall leaseCall;
    private NodeAddress address;

    private @Nullable Connection connection;

    private @Nullable ReplicaCall firstWaiting;

    private @Nullable ReplicaCall lastWaiting;

    private boolean ready;
    private boolean leaseAsked;
    private long session;
    private long leaseUntilNs;
    private long nextConnectNs;
    private long nextLeaseNs;

    Peer(ChunkDevice device, int deviceId, NodeAddress address, ReplicaCall leaseCall) {
        this.device = device;
        this.deviceId = deviceId;
        this.address = address;
        this.leaseCall = leaseCall;
        leaseUntilNs = device.nowNs() - 1;
        nextConnectNs = device.nowNs();
    }

    int deviceId() {
        return deviceId;
    }

    boolean isReady() {
        return ready;
    }

    /// The session of the present connection.
    long session() {
        return session;
    }

    /// Until when the device follows no other primary, where it follows us.
    long leaseUntilNs() {
        return leaseUntilNs;
    }

    /// The device listens elsewhere now.
    void moved(NodeAddress newAddress) {
        if (!address.equals(newAddress)) {
            address = newAddress;
            isSilent();
        }
    }

    /// Look at what waits for time to pass.
    void tick(long nowNs) {
        if (connection == null && nowNs - nextConnectNs >= 0) {
            nextConnectNs = nowNs + device.settings().reconnectNs();
            session = device.peers().newSession();
            connection = device.network().connect(address, device::refuse, this);
        }
        if (ready && !leaseAsked && nowNs - nextLeaseNs >= 0) {
            askLease(nowNs);
        }
    }

    /// Send a message, or have it wait for credit.
    ///
    /// @return false, and nothing happens, if there is no connection
    boolean send(ReplicaCall call) {
        if (!ready) {
            return false;
        }
        call.peer = this;
        call.sentAtNs = device.nowNs();
        final Connection to = Objects.requireNonNull(connection);
        if (firstWaiting == null && to.send(call)) {
            return true;
        }
        call.nextWaiting = null;
        if (lastWaiting == null) {
            firstWaiting = call;
        } else {
            lastWaiting.nextWaiting = call;
        }
        lastWaiting = call;
        return true;
    }

    /// Hand over what waits, as far as there is credit.
    void pump() {
        while (firstWaiting != null && ready && connection != null && connection.send(firstWaiting)) {
            takeWaiting();
        }
    }

    /// An answer did not come in time: whatever is there does not do its work.
    void isSilent() {
        if (connection != null) {
            connection.close();
        }
    }

    @Override
    public void ready(Connection newConnection) {
        ready = true;
        nextLeaseNs = device.nowNs();
        device.peerReady(this);
    }

    @Override
    public void closed(Connection lost, String reason) {
        ready = false;
        leaseAsked = false;
        leaseUntilNs = device.nowNs() - 1;
        connection = null;
        nextConnectNs = device.nowNs() + device.settings().reconnectNs();
        ReplicaCall waiting = takeWaiting();
        while (waiting != null) {
            final ReplicaCall.Owner owner = Objects.requireNonNull(waiting.owner);
            owner.answered(waiting, null);
            waiting = takeWaiting();
        }
        device.peerLost(this);
    }

    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        leaseAsked = false;
        if (code == AnswerCode.OK && ready) {
            leaseUntilNs = call.sentAtNs + device.settings().leaseNs();
            nextLeaseNs = call.sentAtNs + device.settings().leaseNs() / 3;
        } else {
            nextLeaseNs = device.nowNs() + device.settings().tickNs();
        }
        if (code == AnswerCode.NO_SESSION) {
            // It follows another primary somewhere: which copies are still ours has to be asked anew.
            isSilent();
        }
    }

    private void askLease(long nowNs) {
        leaseCall.prepare(
                this, DataMessage.LEASE, 0, 1, nowNs + device.settings().leaseNs());
        ShardRange.target(leaseCall.body(), 0, 0, 0, device.deviceId(), 0, 1);
        ReplicaRequest.order(leaseCall.body(), session, 0);
        leaseAsked = send(leaseCall);
        nextLeaseNs = nowNs + device.settings().leaseNs() / 3;
        // Counted from when it was asked for, on a clock that was read before: the copy counts from later.
        leaseCall.sentAtNs = nowNs;
    }

    private @Nullable ReplicaCall takeWaiting() {
        final ReplicaCall call = firstWaiting;
        if (call != null) {
            firstWaiting = call.nextWaiting;
            call.nextWaiting = null;
            if (firstWaiting == null) {
                lastWaiting = null;
            }
        }
        return call;
    }
}
