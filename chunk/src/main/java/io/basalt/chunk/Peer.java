package io.basalt.chunk;

import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.NodeAddress;
import io.basalt.wire.ProtocolVersions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Another device, as the primaries on this one see it: the connection that carries changes, and whether the device
/// may be gone.
///
/// Messages that find no credit wait here in order. When the connection is lost, all end and the copies on
/// that device have to be asked to follow again, under a new session; the [Lease] is over at once.
///
/// **Suspicion.** A device is suspected when its process has closed the connection and does not take a new
/// one within [ChunkSettings#suspectNs()], when it has answered no heartbeat for a lease, and when it
/// cannot be reached for as long after the connection was lost otherwise. Suspicion may be wrong: all that
/// follows from it is that the metaserver is asked to go on without the copies there. One owner reactor.
final class Peer implements ConnectionListener {
    private final ChunkDevice device;
    private final int deviceId;
    private final Lease lease;
    private final Pace pace;
    private NodeAddress address;

    private @Nullable Connection connection;

    private @Nullable ReplicaCall firstWaiting;

    private @Nullable ReplicaCall lastWaiting;

    private boolean ready;
    private boolean isSuspect;
    private long session;
    private long suspectFromNs;
    private long nextConnectNs;

    Peer(ChunkDevice device, int deviceId, NodeAddress address, ReplicaCall leaseCall, Pace pace) {
        this.device = device;
        this.deviceId = deviceId;
        this.address = address;
        this.pace = pace;
        nextConnectNs = device.nowNs();
        suspectFromNs = nextConnectNs + device.settings().callNs();
        lease = new Lease(device, this, leaseCall);
    }

    int deviceId() {
        return deviceId;
    }

    NodeAddress address() {
        return address;
    }

    boolean isReady() {
        return ready;
    }

    /// Whether the device may be gone.
    boolean isSuspect(long nowNs) {
        return isSuspect || (!ready && nowNs - suspectFromNs >= 0);
    }

    /// Whether the device's process takes COMPARED and RELEASE: one of version 1 of the protocol does not.
    boolean takesCompared() {
        final Connection open = connection;
        return ready && open != null && open.version() >= ProtocolVersions.COMPLETENESS;
    }

    /// The session of the present connection.
    long session() {
        return session;
    }

    /// Until when the device follows no other primary, where it follows us. In the past as soon as the connection is
    /// not ready any more, which is before the device can see it end: see [Promises].
    long leaseUntilNs() {
        final Connection open = connection;
        return open != null && open.state() == ConnectionState.READY ? lease.untilNs() : device.nowNs() - 1;
    }

    /// The device listens elsewhere now.
    void moved(NodeAddress newAddress) {
        if (!address.equals(newAddress)) {
            address = newAddress;
            lease.renew();
            renew();
        }
    }

    /// Look at what waits for time to pass.
    void tick(long nowNs) {
        if (connection == null && nowNs - nextConnectNs >= 0) {
            nextConnectNs = nowNs + device.settings().reconnectNs();
            session = device.peers().newSession();
            connection = device.network().connect(address, device::refuse, this);
        }
        lease.tick(nowNs);
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

    /// The device has applied a change.
    void hasApplied(ReplicaCall call) {
        pace.took(device.nowNs() - call.sentAtNs);
    }

    /// An answer did not come in time: whatever is there does not do its work.
    void isSilent() {
        isSuspect = true;
        lease.renew();
        renew();
    }

    /// Begin a new session.
    void renew() {
        final Connection open = connection;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void ready(Connection newConnection) {
        ready = true;
        isSuspect = false;
        lease.begin(session);
        device.peerReady(this);
    }

    @Override
    public void closed(Connection lost, String reason) {
        final long nowNs = device.nowNs();
        if (ready) {
            suspectFromNs = nowNs
                    + (lost.endedByPeer()
                            ? device.settings().suspectNs()
                            : device.settings().leaseNs());
            nextConnectNs = nowNs;
        }
        ready = false;
        lease.end();
        connection = null;
        ReplicaCall waiting = takeWaiting();
        while (waiting != null) {
            final ReplicaCall.Owner owner = Objects.requireNonNull(waiting.owner);
            owner.answered(waiting, null);
            waiting = takeWaiting();
        }
        device.peerLost(this);
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
