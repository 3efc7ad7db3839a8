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
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.ContentCall;
import io.basalt.net.meta.MetaReply;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.reactor.RandomSource;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.Reason;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeName;
import io.basalt.wire.meta.VolumeRecord;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
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
    private final VolumeUsage usage = new VolumeUsage();
    private final MapFeed feed = new MapFeed();
    private final Set<NodeSession> sessions = new LinkedHashSet<>();
    private final Map<Integer, NodeSession> sessionOfNode = new TreeMap<>();
    private @Nullable Timer checkTimer;
    private @Nullable Timer layoutTimer;
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
        this.proposals = new Proposals(log, reactor.clock(), options.proposalsMax(), this::happened);
        this.fences = new Fences(proposals::state);
        this.liveness = new Liveness(proposals, fences, options.timeoutNs());
        this.wishes = new Wishes(reactor, proposals);
        this.repairPlan = new RepairPlan(proposals, options);
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
        final NodeAddress address = network.listen(listen, this::accept);
        log.start(new Reader());
        return address;
    }

    @Override
    public void close() {
        assert reactor.inLoop();
        rest("the metaserver is stopping");
        List.copyOf(sessions).forEach(NodeSession::close);
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
        return sessions.size();
    }

    /// What shards take of a set's devices, as they have said last.
    public long usedBytes(SetRecord set) {
        long used = 0;
        for (final Device place : set.map().devices()) {
            final DeviceReport report = liveness.report(place.id());
            final DeviceRecord device = state().device(place.id());
            if (place.state().in() && device != null) {
                used += report == null ? device.usedBytes() : report.usedBytes();
            }
        }
        return used;
    }

    /// What has been written to a set's devices and not discarded, all copies, as they have said last.
    public long contentBytes(SetRecord set) {
        long content = 0;
        for (final Device place : set.map().devices()) {
            final DeviceReport report = liveness.report(place.id());
            content += report == null ? 0 : report.contentBytes();
        }
        return content;
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
        IoRate sum = IoRate.NONE;
        for (final DeviceRecord device : state().devices()) {
            sum = sum.plus(rate(device.id()));
        }
        return sum;
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
        final DeviceReport report = liveness.report(deviceId);
        final DeviceRecord device = state().device(deviceId);
        return device != null && (device.failed() || (report != null && report.failed()));
    }

    /// Whether a node is connected.
    public boolean connected(int nodeId) {
        return sessionOfNode.containsKey(nodeId);
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
        final NodeSession gate = gate(gateName, reply);
        if (gate == null) {
            return;
        }
        gate.ask(MetaMessage.SERVE, new VolumeName(volumeName).toContent(), (call, status, code) -> {
            if (answeredOk(call, status, code, reply)) {
                final ServeResult result;
                try {
                    result = ServeResult.of(call.answer());
                } catch (MetaFormatException e) {
                    reply.refused(MetaCode.UNSUPPORTED, "the gate's answer cannot be read: " + e.getMessage());
                    return;
                }
                reply.done(result);
            }
        });
    }

    /// Ask the gate that serves a volume to stop and detach it.
    public void release(VolumeRecord volume, MetaReply<Boolean> reply) {
        final NodeSession gate = sessionOfNode.get(volume.gateNodeId());
        if (gate == null) {
            reply.refused(MetaCode.UNAVAILABLE, "gate: is not connected; start it, or take the volume away by force");
            return;
        }
        gate.ask(MetaMessage.RELEASE, new VolumeName(volume.name()).toContent(), (call, status, code) -> {
            if (answeredOk(call, status, code, reply)) {
                reply.done(true);
            }
        });
    }

    private @Nullable NodeSession gate(String name, MetaReply<?> reply) {
        @Nullable NodeSession found = null;
        int gates = 0;
        for (final NodeSession session : sessionOfNode.values()) {
            final NodeRecord node = state().node(session.nodeId());
            if (node != null && node.role() == NodeRole.GATE) {
                gates++;
                if (name.isEmpty() || node.name().equals(name)) {
                    found = session;
                }
            }
        }
        if (found == null) {
            reply.refused(
                    MetaCode.NOT_FOUND,
                    name.isEmpty()
                            ? "gate: none is connected; start one"
                            : "gate: '" + name + "' is not connected; list the nodes");
        } else if (name.isEmpty() && gates > 1) {
            reply.refused(MetaCode.BAD_REQUEST, "gate: " + gates + " are connected; name one");
            return null;
        }
        return found;
    }

    private static boolean answeredOk(ContentCall call, CallStatus status, int number, MetaReply<?> reply) {
        final MetaCode code = status == CallStatus.ANSWERED ? MetaCode.of(number) : MetaCode.UNAVAILABLE;
        if (code == MetaCode.OK) {
            return true;
        }
        if (status == CallStatus.ANSWERED) {
            reply.refused(
                    code == null ? MetaCode.UNSUPPORTED : code,
                    Reason.of(call.answer()).text());
        } else {
            reply.refused(MetaCode.UNAVAILABLE, "gate: did not answer (" + status + "); look whether it runs");
        }
        return false;
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

    /// A session has a node now. An older connection of the same node is of no use any more.
    void registered(NodeSession session) {
        final NodeSession before = sessionOfNode.put(session.nodeId(), session);
        if (before != null && !before.equals(session)) {
            before.close();
        }
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

    private Network.Acceptance accept(PeerIdentity peer) {
        final NodeSession session = new NodeSession(this, peer);
        sessions.add(session);
        return new Network.Acceptance(session, new ConnectionListener() {
            @Override
            public void ready(Connection connection) {
                session.ready(connection);
            }

            @Override
            public void closed(Connection connection, String reason) {
                sessions.remove(session);
                final boolean current = sessionOfNode.values().removeIf(session::equals);
                session.closed();
                if (current && connection.endedByPeer()) {
                    suspect(session.nodeId());
                }
            }
        });
    }

    /// A node's process has ended its connection: most likely it has ended itself. One that is alive registers anew.
    private void suspect(int nodeId) {
        final NodeRecord node = state().node(nodeId);
        if (node == null || node.role() != NodeRole.CHUNK) {
            return;
        }
        reactor.schedule(options.suspectNs(), () -> {
            if (leads && !sessionOfNode.containsKey(nodeId)) {
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
                    final NodeSession gate = sessionOfNode.get(e.gateNodeId());
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
        sessions.forEach(session -> session.sendMap(set));
        scheduleLayout();
    }

    /// Lays empty sets out once their devices have been the same for a while: they come one after the other when a
    /// cluster starts.
    private void scheduleLayout() {
        final Timer before = layoutTimer;
        if (before != null) {
            before.cancel();
        }
        layoutTimer = reactor.schedule(options.layoutDelayNs(), () -> {
            layoutTimer = null;
            for (final SetRecord set : List.copyOf(state().sets())) {
                final MetaCommand.LayoutPgs layout = leads ? Layouts.of(set) : null;
                if (layout != null) {
                    proposals.propose(layout, result -> {});
                }
            }
        });
    }

    private void check() {
        checkTimer = reactor.schedule(options.timeoutNs() / 8 + 1, this::check);
        if (leads) {
            liveness.check(reactor.nowNs());
            repairPlan.check(reactor.nowNs());
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
        usage.clear();
        check();
        if (state().created() && !state().sets().isEmpty()) {
            scheduleLayout();
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
        cancel(checkTimer);
        checkTimer = null;
        cancel(layoutTimer);
        layoutTimer = null;
    }

    private static void cancel(@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
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
                List.copyOf(sessions).forEach(NodeSession::close);
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
