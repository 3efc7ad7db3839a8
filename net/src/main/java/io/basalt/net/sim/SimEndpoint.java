package io.basalt.net.sim;

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
import io.basalt.reactor.Poller;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// One process's network in a simulated world, on one reactor of it: made by [SimNetwork#open].
public final class SimEndpoint extends StreamNetwork implements Poller {
    private static final int POOL_ALIGNMENT = 4096;

    private final SimNetwork world;
    private final String host;
    private final List<SimStream> streams = new ArrayList<>();
    private final List<NodeAddress> listening = new ArrayList<>();
    private boolean crashed;

    /// When something is due, as it was seen last; not true any more once something has changed for this network or
    /// for the world.
    private long nextNs;

    private long seenChanges;
    private boolean changed = true;

    SimEndpoint(
            SimNetwork world,
            Reactor reactor,
            NetOptions options,
            ClusterKey key,
            PeerIdentity self,
            RandomSource nonces,
            Arena arena,
            String host) {
        super(reactor, options, key, self, nonces, arena, arena.allocate(options.poolBytes(), POOL_ALIGNMENT));
        this.world = world;
        this.host = host;
        reactor.addPoller(this);
    }

    /// The host that this network's connections come from.
    public String host() {
        return host;
    }

    @Override
    public Connection connect(NodeAddress address, Service service, ConnectionListener listener) {
        final Session session = initiate(service, listener);
        final SimStream stream = world.connect(this, address, session);
        attach(session, stream);
        streams.add(stream);
        changed();
        return session;
    }

    @Override
    public NodeAddress listen(NodeAddress address, Acceptor acceptor) {
        if (!address.host().equals(host)) {
            throw new NetException("cannot listen on " + address + ": this host is " + host);
        }
        final NodeAddress actual = world.listen(this, address, acceptor);
        listening.add(actual);
        return actual;
    }

    /// A stranger's connection arrives.
    void accepted(Acceptor acceptor, SimPipe out, SimPipe in, long connectedNs) {
        final Session session = accept(acceptor);
        final SimStream stream = new SimStream(world, this, session, in.from, out, in, connectedNs);
        attach(session, stream);
        streams.add(stream);
        changed();
    }

    /// Something came, or came off, what this network's connections use.
    void changed() {
        changed = true;
    }

    /// A stream has come to its end.
    void ended(SimStream stream) {
        streams.remove(stream);
    }

    @Override
    protected void closeListeners() {
        listening.forEach(world::unlisten);
        listening.clear();
    }

    @Override
    protected boolean listenersClosed() {
        return true;
    }

    @Override
    public int poll(long nowNs) {
        if (crashed) {
            return 0;
        }
        // The world's time: a reactor's own clock may be fast or slow.
        final long worldNs = world.nowNs();
        changed = true;
        int work = flush();
        // By index, from the back: streams come and go meanwhile.
        for (int i = streams.size() - 1; i >= 0; i--) {
            if (i < streams.size()) {
                work += streams.get(i).poll(worldNs);
            }
        }
        return work + flush();
    }

    @Override
    public boolean arm() {
        // The last look of a turn, which may have changed anything here.
        changed = true;
        return crashed || nextEventNs() > world.nowNs();
    }

    @Override
    public void disarm() {}

    /// When this network has something to do at the earliest, by the world's clock; `Long.MAX_VALUE` for never.
    public long nextEventNs() {
        if (crashed) {
            return Long.MAX_VALUE;
        }
        if (changed || seenChanges != world.changes()) {
            look();
        }
        return Math.max(world.nowNs(), nextNs);
    }

    private void look() {
        changed = false;
        seenChanges = world.changes();
        final long nowNs = world.nowNs();
        long earliestNs = hasUnflushed() ? nowNs : Long.MAX_VALUE;
        for (int i = 0; i < streams.size() && earliestNs > nowNs; i++) {
            earliestNs = Math.min(earliestNs, streams.get(i).nextNs(nowNs));
        }
        nextNs = earliestNs;
    }

    /// The process is gone: nothing of this network is called any more. See [SimNetwork#crash].
    void crash() {
        crashed = true;
        listening.forEach(world::unlisten);
        listening.clear();
        streams.clear();
        reactor().removePoller(this);
    }
}
