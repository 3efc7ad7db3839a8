package io.basalt.chunk;

import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import org.jspecify.annotations.Nullable;

/// The lease that another device has given to the primaries on this one, and the heartbeat that renews it. The
/// heartbeat has a connection of its own, so that it never waits behind data or for its credits.
///
/// ```
///  the data connection is ready: begin ──▶ asked, every third of a lease ──▶ answered: held for a lease from the
/// asking
///                                             │                                  │
///                                             └── no answer for a lease: silent ◀┘
/// ```
///
/// A lease belongs to one session, which is one data connection: it is over as soon as that one is not ready any
/// more, also here, before the other side can see it end. One owner reactor.
final class Lease implements ConnectionListener, ReplicaCall.Owner {
    private static final int ASKED_PER_LEASE = 3;

    private final ChunkDevice device;
    private final Peer peer;
    private final ReplicaCall call;

    private @Nullable Connection heartbeat;

    private boolean ready;
    private boolean asked;
    private long session;
    private long untilNs;
    private long heardNs;
    private long lastTickNs;
    private long nextAskNs;
    private long nextConnectNs;

    Lease(ChunkDevice device, Peer peer, ReplicaCall call) {
        this.device = device;
        this.peer = peer;
        this.call = call;
        nextConnectNs = device.nowNs();
        end();
    }

    /// Until when the device follows no other primary, where it follows us.
    long untilNs() {
        return untilNs;
    }

    /// The data connection is ready, under a new session.
    void begin(long newSession) {
        session = newSession;
        heardNs = device.nowNs();
        lastTickNs = heardNs;
        nextAskNs = heardNs;
        if (asked) {
            // What was asked before is not answered: the heartbeat's connection may lead to a life that is over.
            renew();
        }
        ask(heardNs);
    }

    /// There is no session any more: the device may have begun a new life in which it has promised nothing.
    void end() {
        session = 0;
        untilNs = device.nowNs() - 1;
    }

    /// Have the heartbeat go over a new connection: the device listens elsewhere, or does not answer on
    /// this one, whose other end may be gone without a word.
    void renew() {
        final Connection before = heartbeat;
        if (before != null) {
            before.close();
        }
    }

    /// Look at what waits for time to pass.
    void tick(long nowNs) {
        if (heartbeat == null && nowNs - nextConnectNs >= 0) {
            nextConnectNs = nowNs + device.settings().reconnectNs();
            heartbeat = device.network().connect(peer.address(), device::refuse, this);
        }
        if (session == 0) {
            return;
        }
        final long stoodNs = nowNs - lastTickNs;
        lastTickNs = nowNs;
        if (stoodNs > device.settings().leaseNs() / ASKED_PER_LEASE) {
            // This process stood still: what came meanwhile has not been looked at yet.
            heardNs += stoodNs;
        }
        if (nowNs - heardNs >= device.settings().leaseNs()) {
            peer.isSilent();
        } else if (nowNs - nextAskNs >= 0) {
            ask(nowNs);
        }
    }

    private void ask(long nowNs) {
        final Connection over = heartbeat;
        if (asked || !ready || over == null) {
            return;
        }
        call.prepare(this, DataMessage.LEASE, 0, 1, nowNs + device.settings().leaseNs());
        ShardRange.target(call.body(), 0, 0, 0, device.deviceId(), 0, 1);
        ReplicaRequest.order(call.body(), session, 0);
        call.peer = peer;
        // Counted from when it was asked for, on a clock that was read before: the copy counts from later.
        call.sentAtNs = nowNs;
        asked = over.send(call);
        nextAskNs = nowNs + device.settings().leaseNs() / ASKED_PER_LEASE;
    }

    @Override
    public void answered(ReplicaCall done, @Nullable AnswerCode code) {
        asked = false;
        if (session == 0 || ReplicaRequest.session(done.body()) != session) {
            nextAskNs = device.nowNs();
            return;
        }
        if (code != null) {
            heardNs = device.nowNs();
        }
        if (code == AnswerCode.OK) {
            untilNs = done.sentAtNs + device.settings().leaseNs();
        } else {
            nextAskNs = device.nowNs() + device.settings().tickNs();
        }
        if (code == AnswerCode.NO_SESSION) {
            // It follows another primary somewhere: which copies are still ours has to be asked anew.
            peer.renew();
        }
    }

    @Override
    public void ready(Connection connection) {
        ready = true;
        if (session != 0) {
            ask(device.nowNs());
        }
    }

    @Override
    public void closed(Connection lost, String reason) {
        heartbeat = null;
        if (ready) {
            nextConnectNs = device.nowNs();
        }
        ready = false;
    }
}
