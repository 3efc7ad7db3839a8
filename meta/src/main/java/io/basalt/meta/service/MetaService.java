package io.basalt.meta.service;

import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.Replica;
import io.basalt.meta.log.Replication;
import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaEvent;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.meta.state.TokenRecord;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.meta.MetaReply;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The metaserver itself: the state machine, its log, and the nodes that talk to it.
///
/// It answers only while its log says that it leads. A command that it does not understand, or a log that
/// fails, makes it stand still ([#standing()] says why): it answers no more, and the cluster's I/O goes on
/// without it.
///
/// Every method belongs to its reactor.
public final class MetaService implements AutoCloseable {
    private final Reactor reactor;
    private final Network network;
    private final MetaLog log;
    private final MetaServiceOptions options;
    private final RandomSource random;
    private final WallClock clock;
    private final Proposals proposals;
    private final Fences fences;
    private final Liveness liveness;
    private final Wishes wishes;
    private final Repairs repairs = new Repairs();
    private final RepairPlan repairPlan;
    private final LeadPlan leadPlan;
    private final VolumeUsage usage = new VolumeUsage();
    private final MapFeed feed = new MapFeed();
    private final Sessions sessions;
    private final GateCalls gates;
    private final DeviceFigures figures;
    private final LayoutPlan layout;
    private @Nullable Timer checkTimer;
    private volatile List<TokenRecord> tokens = List.of();
    private volatile @Nullable Replica leader;
    private boolean leads;
    private String standing = "the metaserver is starting; try again in a moment";
    private Runnable whenReady = () -> {};
    private Consumer<String> whenStanding = reason -> {};

    /// A service that does nothing until it is started.
    ///
    /// @param network of the same reactor; stays the caller's
    /// @param log not started yet; stays the caller's
    public MetaService(
            Reactor reactor,
            Network network,
            MetaLog log,
            MetaServiceOptions options,
            RandomSource random,
            WallClock clock) {
        this.reactor = reactor;
        this.network = network;
        this.log = log;
        this.options = options;
        this.random = random;
        this.clock = clock;
        this.proposals =
                new Proposals(log, reactor.clock(), options.proposalsMax(), options.newestCommand(), this::happened);
        this.fences = new Fences(proposals::state);
        this.liveness = new Liveness(proposals, fences, options.timeoutNs());
        this.wishes = new Wishes(reactor, proposals);
        this.repairPlan = new RepairPlan(proposals, options);
        this.leadPlan = new LeadPlan(proposals);
        this.sessions = new Sessions(peer -> new NodeSession(this, peer), this::suspect);
        this.gates = new GateCalls(proposals::state, sessions);
        this.figures = new DeviceFigures(proposals::state, liveness);
        this.layout = new LayoutPlan(reactor, proposals, options.layoutDelayNs());
    }

    /// Begin: read the log, then answer nodes.
    ///
    /// @param ready runs each time that the service begins to lead a cluster that is set up
    /// @param stands told why, each time that it ceases to answer
    /// @return where nodes are answered
    public NodeAddress start(NodeAddress listen, Runnable ready, Consumer<String> stands) {
        assert reactor.inLoop();
        whenReady = ready;
        whenStanding = stands;
        final NodeAddress address = network.listen(listen, sessions::accept);
        log.start(new Reader());
        return address;
    }

    @Override
    public void close() {
        assert reactor.inLoop();
        rest("the metaserver is stopping");
        sessions.close();
    }

    /// The state, as far as it is committed.
    public MetaState state() {
        return proposals.state();
    }

    /// Whether requests are answered.
    public boolean leads() {
        return leads;
    }

    /// Why requests are not answered, for people.
    public String standing() {
        return standing;
    }

    /// The replica that leads, as far as is known; null if that is this one or nobody. Any thread.
    public @Nullable Replica leader() {
        return leader;
    }

    /// The replicas of the log; null if this metaserver is the only one.
    public @Nullable Replication replication() {
        return log.replication();
    }

    /// Whether there is too much under way to take more.
    public boolean overloaded() {
        return proposals.full();
    }

    /// Index of the last command that was applied.
    public long lastIndex() {
        return proposals.lastIndex();
    }

    /// The tokens that are allowed, as far as it is committed. Any thread.
    public List<TokenRecord> tokens() {
        return tokens;
    }

    /// How many attachments wait for chunk servers.
    public int grantsWaiting() {
        return fences.waiting();
    }

    /// The reactor's clock.
    public long nowNs() {
        return reactor.nowNs();
    }

    /// How many commands have been committed since the start, and how long that took together.
    public CommitTimes commitTimes() {
        return proposals.times();
    }

    /// Connections from nodes and tools.
    public int sessionCount() {
        return sessions.count();
    }

    /// What shards take of a set's devices, as they have said last.
    public long usedBytes(SetRecord set) {
        return figures.usedBytes(set);
    }

    /// What has been written to a set's devices and not discarded, all copies, as they have said last.
    public long contentBytes(SetRecord set) {
        return figures.contentBytes(set);
    }

    /// The time of day that new records get.
    public long nowMs() {
        return clock.nowMs();
    }

    /// What a device has said last, null if nothing yet.
    public @Nullable DeviceReport report(int deviceId) {
        return liveness.report(deviceId);
    }

    /// What a device does for gates at present.
    public IoRate rate(int deviceId) {
        return liveness.rate(deviceId, reactor.nowNs());
    }

    /// What all devices of all sets do for gates at present.
    public IoRate rate() {
        return figures.rate(reactor.nowNs());
    }

    /// How much of which volumes the devices hold.
    public VolumeUsage usage() {
        return usage;
    }

    /// The copies that are being brought in sync, and those that were.
    public Repairs repairs() {
        return repairs;
    }

    /// Whether a device gives errors and serves nothing any more, as was said last.
    public boolean failed(int deviceId) {
        return figures.failed(deviceId);
    }

    /// Whether a node is connected.
    public boolean connected(int nodeId) {
        return sessions.has(nodeId);
    }

    /// Propose a command.
    public void propose(MetaCommand command, ResultListener listener) {
        assert reactor.inLoop();
        if (!leads) {
            reactor.post(() -> listener.ended(
                    CommandResult.refused(MetaCode.NOT_LEADER, "metaserver", standing, "ask another replica")));
            return;
        }
        proposals.propose(command, listener);
    }

    /// Propose another configuration of a placement group, together with whoever else wishes one now.
    void wish(PgChange change, ResultListener listener) {
        wishes.add(change, listener);
    }

    /// A chunk server is about to stop: its copies leave the in-sync sets that can do without them. It is recorded as
    /// down from then on, so that none joins again while it goes.
    void handOver(int nodeId, ResultListener listener) {
        liveness.leaves(nodeId, listener);
    }

    /// Take a volume away from whatever gate has it, and wait until that gate can write no more.
    ///
    /// @param deadlineNs instant of the reactor's clock until which chunk servers are waited for
    public void fence(MetaCommand.Fence command, long deadlineNs, ResultListener listener) {
        propose(command, result -> {
            final VolumeRecord volume = state().volume(command.name());
            if (!result.done() || volume == null) {
                listener.ended(result);
                return;
            }
            fences.await(volume, deadlineNs, new Fences.Waiter() {
                @Override
                public void granted() {
                    listener.ended(result);
                }

                @Override
                public void late(String reason) {
                    listener.ended(CommandResult.refused(
                            MetaCode.UNAVAILABLE, "volume", reason, "ask again with the same request id"));
                }
            });
        });
    }

    /// Ask a gate to attach and serve a volume.
    ///
    /// @param gateName which gate; empty if there is only one
    public void serve(String volumeName, String gateName, MetaReply<ServeResult> reply) {
        gates.serve(volumeName, gateName, reply);
    }

    /// Ask the gate that serves a volume to stop and detach it.
    public void release(VolumeRecord volume, MetaReply<Boolean> reply) {
        gates.release(volume, reply);
    }

    Reactor reactor() {
        return reactor;
    }

    MetaServiceOptions options() {
        return options;
    }

    Fences fences() {
        return fences;
    }

    MapFeed feed() {
        return feed;
    }

    /// A session has a node now.
    void registered(NodeSession session) {
        sessions.registered(session);
        liveness.registered(session.nodeId(), reactor.nowNs());
        final NodeRecord node = state().node(session.nodeId());
        if (node != null && node.role() == NodeRole.GATE) {
            liveness.markUp(node.id(), reactor.nowNs());
        }
    }

    /// A registered node is alive.
    void heartbeat(int nodeId, List<DeviceReport> devices) {
        liveness.heard(nodeId, reactor.nowNs());
        liveness.reported(nodeId, devices, reactor.nowNs());
    }

    /// A chunk server has acknowledged generations: it may serve, once it has them all.
    void generationsAcknowledged(int nodeId) {
        final NodeRecord node = state().node(nodeId);
        if (node != null && !up(node) && fences.caughtUp(nodeId) && liveness.mayRise(nodeId, reactor.nowNs())) {
            liveness.heard(nodeId, reactor.nowNs());
            liveness.markUp(nodeId, reactor.nowNs());
        }
    }

    /// Whether a node and all of the devices that it has presented are recorded as up.
    private boolean up(NodeRecord node) {
        if (!node.up()) {
            return false;
        }
        for (final SetRecord set : state().sets()) {
            for (final Device device : set.map().devices()) {
                final DeviceRecord known = device.nodeId() == node.id() ? state().device(device.id()) : null;
                if (known != null
                        && known.present()
                        && !known.failed()
                        && device.state().in()
                        && !device.state().up()) {
                    return false;
                }
            }
        }
        return true;
    }

    /// A node's process has ended its connection: most likely it has ended itself. One that is alive registers anew.
    private void suspect(int nodeId) {
        final NodeRecord node = state().node(nodeId);
        if (node == null || node.role() != NodeRole.CHUNK) {
            return;
        }
        reactor.schedule(options.suspectNs(), () -> {
            if (leads && !sessions.has(nodeId)) {
                liveness.gone(nodeId, reactor.nowNs());
            }
        });
    }

    private void happened(List<MetaEvent> events) {
        for (final MetaEvent event : events) {
            switch (event) {
                case MetaEvent.MapChanged e -> mapChanged(e.setId(), e.before(), e.after());
                case MetaEvent.TokensChanged e -> tokens = List.copyOf(state().tokens());
                case MetaEvent.GenerationRaised e -> fences.raised(e.volumeId(), e.generation());
                case MetaEvent.VolumeChanged e -> {
                    final NodeSession gate = sessions.of(e.gateNodeId());
                    if (gate != null) {
                        gate.sendVolume(e.volume());
                    }
                }
            }
        }
    }

    private void mapChanged(int setId, ClusterMap before, ClusterMap map) {
        feed.changed(setId, map);
        if (!leads) {
            return;
        }
        repairs.changed(setId, before, map, nowMs());
        final SetRecord set = state().set(setId);
        Objects.requireNonNull(set, "a map that has changed is of a set");
        sessions.sendMap(set);
        leadPlan.changed(set, reactor.nowNs());
        layout.changed();
    }

    private void check() {
        checkTimer = reactor.schedule(options.timeoutNs() / 8 + 1, this::check);
        if (leads) {
            liveness.check(reactor.nowNs());
            repairPlan.check(reactor.nowNs());
            leadPlan.check(reactor.nowNs());
            fences.evaluate();
            fences.expire(reactor.nowNs());
        }
    }

    private void lead() {
        leads = true;
        leader = null;
        standing = "";
        liveness.begin(reactor.nowNs());
        repairs.begin(state(), nowMs());
        repairPlan.begin();
        leadPlan.begin();
        usage.clear();
        check();
        if (state().created() && !state().sets().isEmpty()) {
            layout.changed();
            whenReady.run();
            return;
        }
        // A leader before this one may have come to the first of the two.
        if (!state().created()) {
            final UUID clusterId = new UUID(random.nextLong(), random.nextLong());
            proposals.propose(new MetaCommand.CreateCluster(clusterId, nowMs()), result -> {});
        }
        proposals.propose(
                new MetaCommand.CreateSet(
                        options.firstSet(),
                        options.firstRule(),
                        options.firstMinCopies(),
                        options.firstOvercommitPercent()),
                result -> whenReady.run());
    }

    private void stand(String reason) {
        rest(reason);
        whenStanding.accept(reason);
    }

    private void rest(String reason) {
        leads = false;
        standing = reason;
        layout.rest();
        final Timer checking = checkTimer;
        if (checking != null) {
            checking.cancel();
        }
        checkTimer = null;
    }

    /// What the log tells this service.
    private final class Reader implements LogReader {
        private boolean halted;

        @Override
        public void restore(long index, byte[] snapshot) {
            attempt(() -> {
                proposals.restore(index, snapshot);
                tokens = List.copyOf(state().tokens());
                feed.clear();
                state().sets().forEach(set -> feed.changed(set.id(), set.map()));
            });
        }

        @Override
        public void committed(long index, byte[] entry) {
            attempt(() -> proposals.apply(index, entry));
        }

        @Override
        public byte @Nullable [] snapshot() {
            return halted ? null : state().snapshot();
        }

        @Override
        public void leading(boolean leading) {
            if (halted) {
                return;
            }
            if (leading) {
                lead();
            } else {
                stand("another replica leads; ask that one");
                fences.expire(Long.MAX_VALUE);
                // The nodes look for the new leader at once.
                sessions.close();
            }
        }

        @Override
        public void following(@Nullable Replica found) {
            if (halted || leads) {
                return;
            }
            leader = found;
            standing = found == null
                    ? "no replica leads at present; ask again in a moment"
                    : "replica " + found.id() + " leads; ask that one"
                            + (found.rest() == null ? "" : ": REST " + found.rest())
                            + (found.nodes() == null ? "" : ", nodes " + found.nodes());
        }

        @Override
        public boolean follows() {
            return !halted;
        }

        @Override
        public void failed(String reason) {
            halted = true;
            stand(reason);
        }

        /// An entry that is not understood stops this replica before anything of it was applied.
        private void attempt(Runnable step) {
            if (halted) {
                proposals.notFollowed();
                return;
            }
            try {
                step.run();
            } catch (MetaFormatException e) {
                halted = true;
                stand("the log cannot be followed: " + e.getMessage());
            }
        }
    }
}
