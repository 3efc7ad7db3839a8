package io.basalt.chunk.server;

import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaReply;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.HandOverResult;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.Subscription.HeldMap;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// What a chunk server does before it stops: it has the metaserver take its copies out of the in-sync sets that can do
/// without them, and waits until its own devices have the map that says so. By then other devices serve, and nobody
/// notices that this one goes. Bounded: without an answer in time the server stops all the same.
///
/// ```
/// asked ──▶ answered: maps of these versions ──▶ maps are here ──▶ every device has taken them ──▶ over
/// ```
/// One owner, the control reactor.
final class HandOver implements MetaReply<HandOverResult> {
    private static final System.Logger LOG = System.getLogger(HandOver.class.getName());
    private static final long POLL_NS = 2_000_000;

    private final Reactor reactor;
    private final MetaClient client;
    private final List<DeviceHost> hosts;
    private final long endNs;
    private final Runnable over;
    private boolean done;

    private HandOver(Reactor reactor, MetaClient client, List<DeviceHost> hosts, long boundNs, Runnable over) {
        this.reactor = reactor;
        this.client = client;
        this.hosts = hosts;
        this.endNs = reactor.nowNs() + boundNs;
        this.over = over;
    }

    /// Begin.
    ///
    /// @param boundNs how long to wait at most
    /// @param over runs once, later, when it is done or the time is up
    static void begin(Reactor reactor, MetaClient client, List<DeviceHost> hosts, long boundNs, Runnable over) {
        final HandOver handOver = new HandOver(reactor, client, hosts, boundNs, over);
        reactor.schedule(boundNs, () -> handOver.end("was not done in time"));
        client.handOver(handOver);
    }

    @Override
    public void done(HandOverResult result) {
        await(result.maps());
    }

    @Override
    public void refused(MetaCode code, String reason) {
        end("was refused, " + code + ": " + reason);
    }

    private void await(List<HeldMap> maps) {
        if (done || reactor.nowNs() > endNs) {
            return;
        }
        for (final HeldMap wanted : maps) {
            final ClusterMap map = client.map(wanted.setId());
            if (map == null || map.version() < wanted.version()) {
                reactor.schedule(POLL_NS, () -> await(maps));
                return;
            }
        }
        if (hosts.isEmpty()) {
            end("is done");
            return;
        }
        // The devices take what is posted to them in order: the maps come before this.
        final AtomicInteger missing = new AtomicInteger(hosts.size());
        for (final DeviceHost host : hosts) {
            host.reactor().post(() -> {
                if (missing.decrementAndGet() == 0) {
                    reactor.post(() -> end("is done"));
                }
            });
        }
    }

    private void end(String how) {
        if (!done) {
            done = true;
            LOG.log(System.Logger.Level.INFO, "the hand-over " + how);
            over.run();
        }
    }
}
