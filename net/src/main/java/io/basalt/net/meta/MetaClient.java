package io.basalt.net.meta;

import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.wire.ProtocolVersions;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.DetachRequest;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.HandOverRequest;
import io.basalt.wire.meta.HandOverResult;
import io.basalt.wire.meta.Heartbeat;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.PartList;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.PgState;
import io.basalt.wire.meta.Reason;
import io.basalt.wire.meta.Registered;
import io.basalt.wire.meta.RepairReport;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.Subscription;
import io.basalt.wire.meta.UsageReport;
import io.basalt.wire.meta.VolumeName;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A node's side of its conversation with the metaserver (see [ClientState] for its course).
///
/// It keeps one connection, registers, subscribes, sends heartbeats, and does all that again when the
/// connection is lost, with the next endpoint in turn. Requests outlive a connection: they are sent again
/// under the same identity until they are answered or their time is up, and have their effect once. While
/// no metaserver can be reached, what is known stays as it is.
///
/// Every method belongs to its reactor. Control plane: allocates.
public final class MetaClient implements AutoCloseable {
    /// A sign of life is never too late to be one.
    private static final long NO_DEADLINE = Long.MAX_VALUE;
    private static final long RECONNECT_SOON_NS = 1_000_000;
    private static final long SECOND_NS = 1_000_000_000;

    private final Reactor reactor;
    private final Network network;
    private final MetaClientOptions options;
    private final MetaListener listener;
    private final MapUpdates maps = new MapUpdates();
    private final RequestQueue requests;
    private final PushService pushes;
    private final SortedMap<Integer, DeviceReport> reports = new TreeMap<>();
    private final ContentCall sessionCall = new ContentCall();
    private final ContentCall heartbeatCall = new ContentCall();

    private ClientState state = ClientState.STOPPED;
    private @Nullable Connection connection;
    private @Nullable Registered registered;
    private @Nullable Timer timer;
    private @Nullable Timer heartbeatTimer;
    private boolean sessionCallBusy;
    private boolean heartbeatBusy;
    private boolean resubscribe;
    private int endpoint;
    /// Connections in a row that have led to nothing.
    private int failures;
    private long sequence;

    /// A client that does nothing until it is started.
    ///
    /// @param network of the same reactor; stays the caller's
    public MetaClient(Reactor reactor, Network network, MetaClientOptions options, MetaListener listener) {
        this.reactor = reactor;
        this.network = network;
        this.options = options;
        this.listener = listener;
        this.requests = new RequestQueue(reactor, options);
        this.pushes = new PushService(maps, listener, this::mapsBroken);
    }

    /// Begin: connect, and stay connected.
    public void start() {
        assert reactor.inLoop();
        become(ClientState.WAITING);
        requests.reopen();
        tick();
    }

    /// End: the connection is closed, and every request that waits is refused. [#start()] begins anew.
    @Override
    public void close() {
        assert reactor.inLoop();
        become(ClientState.STOPPED);
        cancelTimers();
        final Connection open = connection;
        connection = null;
        if (open != null) {
            open.close();
        }
        requests.connection(null);
        maps.interrupted();
        resubscribe = false;
        requests.refuseAll("the client was closed");
    }

    /// Whether the metaserver can be reached, and knows the node.
    public boolean ready() {
        return state == ClientState.READY;
    }

    /// The node's number, 0 until it has registered.
    public int nodeId() {
        return registered == null ? 0 : registered.nodeId();
    }

    /// The newest map of a set, null if none has come yet.
    public @Nullable ClusterMap map(int setId) {
        return maps.map(setId);
    }

    /// Attach a volume. The reply comes when no older attachment can write any more.
    ///
    /// @param takeOver whether another gate that serves it is to be fenced; otherwise that is refused
    public void attach(String volumeName, boolean takeOver, MetaReply<VolumeRecord> reply) {
        final RequestId id = new RequestId(options.instance(), ++sequence);
        requests.add(new MetaRequest<>(MetaMessage.ATTACH, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return new AttachRequest(id, nodeId(), options.instance(), volumeName, takeOver).toContent();
            }

            @Override
            VolumeRecord decode(MetaCode code, FieldReader answer) {
                return VolumeRecord.of(answer);
            }
        });
    }

    /// Detach a volume: nothing of it is under way any more.
    ///
    /// @param generation of the attachment that ends
    public void detach(long volumeId, int generation, MetaReply<Boolean> reply) {
        final byte[] content = new DetachRequest(volumeId, generation).toContent();
        requests.add(new MetaRequest<>(MetaMessage.DETACH, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return content;
            }

            @Override
            Boolean decode(MetaCode code, FieldReader answer) {
                return true;
            }
        });
    }

    /// Ask what is known of a volume.
    public void lookup(String volumeName, MetaReply<VolumeRecord> reply) {
        final byte[] content = new VolumeName(volumeName).toContent();
        requests.add(new MetaRequest<>(MetaMessage.LOOKUP, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return content;
            }

            @Override
            VolumeRecord decode(MetaCode code, FieldReader answer) {
                return VolumeRecord.of(answer);
            }
        });
    }

    /// Ask for another configuration of a placement group. When the reply says that it is granted, it is durable.
    public void change(PgChange change, MetaReply<PgChangeResult> reply) {
        final byte[] content = change.toContent();
        requests.add(new MetaRequest<>(MetaMessage.CHANGE_PG, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return content;
            }

            @Override
            boolean understands(MetaCode code) {
                return code == MetaCode.OK || code == MetaCode.STALE_EPOCH;
            }

            @Override
            PgChangeResult decode(MetaCode code, FieldReader answer) {
                return new PgChangeResult(code == MetaCode.OK, PgState.of(answer));
            }
        });
    }

    /// Say how a device is doing, from the next heartbeat on.
    public void report(DeviceReport report) {
        reports.put(report.deviceId(), report);
    }

    /// Say how much of which volumes a device holds.
    ///
    /// @param report its node id is this node's
    public void report(UsageReport report, MetaReply<Boolean> reply) {
        final byte[] content = report.toContent();
        requests.add(new MetaRequest<>(MetaMessage.USAGE, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return content;
            }

            @Override
            Boolean decode(MetaCode code, FieldReader answer) {
                return true;
            }
        });
    }

    /// Say how far the copies are that this node's primaries bring up to date. Lost if nobody can be reached: the next
    /// one says the same.
    ///
    /// @param report its node id is this node's
    public void report(RepairReport report) {
        final Connection open = connection;
        if (!ready() || open == null || open.version() < ProtocolVersions.REPAIRS) {
            return;
        }
        final byte[] content = report.toContent();
        requests.add(new MetaRequest<Boolean>(MetaMessage.REPAIRS, reactor.nowNs() + SECOND_NS, MetaReply.ignored()) {
            @Override
            byte[] content() {
                return content;
            }

            @Override
            Boolean decode(MetaCode code, FieldReader answer) {
                return true;
            }
        });
    }

    /// Ask which parts were deleted with their volume: their shards may be freed.
    ///
    /// @param held some that the node has shards of
    public void deletedParts(PartList held, MetaReply<PartList> reply) {
        final byte[] content = held.toContent();
        requests.add(new MetaRequest<>(MetaMessage.HELD_PARTS, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return content;
            }

            @Override
            PartList decode(MetaCode code, FieldReader answer) {
                return PartList.of(answer);
            }
        });
    }

    /// Ask for the node's copies to leave the in-sync sets that can do without them, because it is about to stop. The
    /// node is recorded as down from then on, until it registers anew.
    public void handOver(MetaReply<HandOverResult> reply) {
        requests.add(new MetaRequest<>(MetaMessage.HAND_OVER, deadlineNs(), reply) {
            @Override
            byte[] content() {
                return new HandOverRequest(nodeId()).toContent();
            }

            @Override
            HandOverResult decode(MetaCode code, FieldReader answer) {
                return HandOverResult.of(answer);
            }
        });
    }

    private long deadlineNs() {
        return reactor.nowNs() + options.requestTimeoutNs();
    }

    private void become(ClientState next) {
        assert state.canBecome(next) : state + " does not become " + next;
        state = next;
    }

    /// The client's clock: tries to connect while it is not connected, and lets requests go whose time is up.
    private void tick() {
        timer = reactor.schedule(options.reconnectNs(), this::tick);
        requests.expire();
        if (state == ClientState.WAITING) {
            connect();
        } else if (state == ClientState.READY) {
            requests.pump();
            if (resubscribe) {
                subscribe();
            }
        } else if (state == ClientState.REGISTERING || state == ClientState.SUBSCRIBING) {
            retrySession();
        }
    }

    /// Tries the next endpoint at once: whoever has lost the metaserver must register with it, or with another replica,
    /// before it is taken for dead. When every endpoint has been tried in vain, the client's clock sets the pace.
    private void connectSoon() {
        if (failures++ < options.endpoints().size()) {
            reactor.schedule(RECONNECT_SOON_NS, () -> {
                if (state == ClientState.WAITING) {
                    connect();
                }
            });
        }
    }

    private void connect() {
        become(ClientState.CONNECTING);
        final NodeAddress address =
                options.endpoints().get(endpoint % options.endpoints().size());
        connection = network.connect(address, pushes, new ConnectionListener() {
            @Override
            public void ready(Connection which) {
                connected(which);
            }

            @Override
            public void closed(Connection which, String reason) {
                lost(which, address + ": " + reason);
            }
        });
    }

    private void connected(Connection which) {
        if (!isCurrent(which)) {
            which.close();
            return;
        }
        become(ClientState.REGISTERING);
        listener.connected();
        register();
    }

    private void lost(Connection which, String reason) {
        if (!isCurrent(which)) {
            return;
        }
        connection = null;
        endpoint++;
        requests.connection(null);
        maps.interrupted();
        resubscribe = false;
        cancelHeartbeat();
        become(ClientState.WAITING);
        connectSoon();
        listener.disconnected(reason);
    }

    @SuppressWarnings("ReferenceEquality") // a connection is itself and no other
    private boolean isCurrent(Connection which) {
        return which == connection;
    }

    private void register() {
        if (options.registration() == null) {
            become(ClientState.SUBSCRIBING);
            subscribe();
            return;
        }
        askSession(MetaMessage.REGISTER, options.registration().toContent());
    }

    private void subscribe() {
        if (!options.subscribe()) {
            subscribed();
            return;
        }
        resubscribe = true;
        if (!sessionCallBusy) {
            resubscribe = false;
            askSession(MetaMessage.SUBSCRIBE, new Subscription(nodeId(), maps.held()).toContent());
        }
    }

    /// The session's own requests go one after the other, before all others, and are not repeated on another
    /// connection as they are.
    private void askSession(int type, byte[] content) {
        final Connection open = connection;
        if (open == null || sessionCallBusy) {
            return;
        }
        sessionCall.ask(
                type,
                content,
                reactor.nowNs() + options.attemptTimeoutNs(),
                (call, status, code) -> sessionAnswered(open, type, call, status, code));
        sessionCallBusy = open.send(sessionCall);
        if (!sessionCallBusy) {
            sessionCall.withdraw();
            resubscribe = type == MetaMessage.SUBSCRIBE;
        }
    }

    private void retrySession() {
        if (sessionCallBusy) {
            return;
        }
        if (state == ClientState.REGISTERING) {
            register();
        } else {
            subscribe();
        }
    }

    private void sessionAnswered(Connection which, int type, ContentCall call, CallStatus status, int number) {
        sessionCallBusy = false;
        if (!isCurrent(which)) {
            return;
        }
        final MetaCode code = MetaCode.of(number);
        if (status == CallStatus.OVERLOADED) {
            resubscribe = type == MetaMessage.SUBSCRIBE;
            return;
        }
        if (status != CallStatus.ANSWERED || code != MetaCode.OK) {
            giveUp(
                    which,
                    status == CallStatus.ANSWERED ? Reason.of(call.answer()).text() : "no answer: " + status);
            return;
        }
        if (type == MetaMessage.REGISTER) {
            accepted(which, call);
        } else if (state == ClientState.SUBSCRIBING) {
            subscribed();
        }
    }

    private void accepted(Connection which, ContentCall call) {
        final Registered answer;
        try {
            answer = Registered.of(call.answer());
        } catch (MetaFormatException e) {
            giveUp(which, "the answer to the registration cannot be read: " + e.getMessage());
            return;
        }
        final Registered before = registered;
        if (before != null && !before.clusterId().equals(answer.clusterId())) {
            giveUp(
                    which,
                    "this is the metaserver of cluster " + answer.clusterId() + ", but the node belongs to cluster "
                            + before.clusterId() + "; correct the endpoints");
            return;
        }
        registered = answer;
        become(ClientState.SUBSCRIBING);
        heartbeatTimer = reactor.schedule(answer.heartbeatNs(), this::heartbeat);
        listener.registered(answer);
        subscribe();
    }

    private void subscribed() {
        become(ClientState.READY);
        failures = 0;
        requests.connection(connection);
        requests.pump();
    }

    /// Closes a connection that is of no use; its end is reported with this reason.
    private void giveUp(Connection which, String reason) {
        lost(which, reason);
        which.close();
    }

    private void mapsBroken(String reason) {
        final Connection open = connection;
        if (open != null) {
            giveUp(open, reason);
        }
    }

    private void heartbeat() {
        final Connection open = connection;
        final Registered known = registered;
        if (open == null || known == null || open.state() != ConnectionState.READY) {
            return;
        }
        heartbeatTimer = reactor.schedule(known.heartbeatNs(), this::heartbeat);
        if (heartbeatBusy || !listener.isAlive()) {
            return;
        }
        final List<DeviceReport> devices = new ArrayList<>(reports.values());
        heartbeatCall.ask(
                MetaMessage.HEARTBEAT,
                new Heartbeat(known.nodeId(), devices).toContent(),
                NO_DEADLINE,
                (call, status, code) -> heartbeatAnswered(open, call, status, code));
        heartbeatBusy = open.send(heartbeatCall);
        if (!heartbeatBusy) {
            heartbeatCall.withdraw();
        }
    }

    private void heartbeatAnswered(Connection which, ContentCall call, CallStatus status, int number) {
        heartbeatBusy = false;
        if (isCurrent(which) && status == CallStatus.ANSWERED && MetaCode.of(number) != MetaCode.OK) {
            giveUp(which, Reason.of(call.answer()).text());
        }
    }

    private void cancelTimers() {
        final Timer pending = timer;
        if (pending != null) {
            pending.cancel();
        }
        timer = null;
        cancelHeartbeat();
    }

    private void cancelHeartbeat() {
        final Timer pending = heartbeatTimer;
        if (pending != null) {
            pending.cancel();
        }
        heartbeatTimer = null;
    }
}
