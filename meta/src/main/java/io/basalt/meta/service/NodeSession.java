package io.basalt.meta.service;

import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.Incoming;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.net.meta.Content;
import io.basalt.net.meta.ContentCall;
import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.AttachRequest;
import io.basalt.wire.meta.DetachRequest;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.HandOverRequest;
import io.basalt.wire.meta.HandOverResult;
import io.basalt.wire.meta.Heartbeat;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.PartList;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.PgState;
import io.basalt.wire.meta.Registered;
import io.basalt.wire.meta.RepairReport;
import io.basalt.wire.meta.Subscription;
import io.basalt.wire.meta.UnknownVersionException;
import io.basalt.wire.meta.UsageReport;
import io.basalt.wire.meta.VolumeName;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One node's connection to the metaserver: answers its requests, and sends it what it has subscribed to.
///
/// Whatever a peer sends is checked; what is wrong is answered, with a reason, and has no effect.
final class NodeSession implements Service {
    private final MetaService service;
    private final PeerIdentity peer;
    private final Map<Integer, Long> sentVersions = new TreeMap<>();
    private final Map<Integer, Boolean> sending = new TreeMap<>();
    private final Fences.Carrier carrier = this::sendGenerations;
    private @Nullable Connection connection;
    private @Nullable Pushes pushes;
    private @Nullable NodeRole role;
    private int nodeId;
    private boolean subscribed;

    NodeSession(MetaService service, PeerIdentity peer) {
        this.service = service;
        this.peer = peer;
    }

    /// The registered node, 0 if it has not registered.
    int nodeId() {
        return nodeId;
    }

    /// What the node does; null if it has not registered.
    @Nullable
    NodeRole role() {
        return role;
    }

    /// Requests go down this connection.
    void ready(Connection which) {
        connection = which;
        pushes = new Pushes(service.reactor(), which, service.options().timeoutNs() * 10);
    }

    /// The connection has ended.
    void closed() {
        final Pushes open = pushes;
        pushes = null;
        if (open != null) {
            open.closed();
        }
        subscribed = false;
        service.fences().unsubscribe(nodeId, carrier);
    }

    /// End the connection, because the peer does not do as it must or another one has taken its place.
    void close() {
        final Connection open = connection;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void request(Incoming request) {
        if (service.overloaded()) {
            request.refuse();
            return;
        }
        if (!service.leads()) {
            Content.refuse(request, MetaCode.NOT_LEADER, service.standing());
            return;
        }
        try {
            switch (request.type()) {
                case MetaMessage.REGISTER -> register(request, NodeRegistration.of(Content.of(request)));
                case MetaMessage.HEARTBEAT -> heartbeat(request, Heartbeat.of(Content.of(request)));
                case MetaMessage.SUBSCRIBE -> subscribe(request, Subscription.of(Content.of(request)));
                case MetaMessage.ATTACH -> attach(request, AttachRequest.of(Content.of(request)));
                case MetaMessage.DETACH -> detach(request, DetachRequest.of(Content.of(request)));
                case MetaMessage.LOOKUP -> lookup(request, VolumeName.of(Content.of(request)));
                case MetaMessage.CHANGE_PG -> changePg(request, PgChange.of(Content.of(request)));
                case MetaMessage.HELD_PARTS -> heldParts(request, PartList.of(Content.of(request)));
                case MetaMessage.HAND_OVER -> handOver(request, HandOverRequest.of(Content.of(request)));
                case MetaMessage.REPAIRS -> repairs(request, RepairReport.of(Content.of(request)));
                case MetaMessage.USAGE -> usage(request, UsageReport.of(Content.of(request)));
                default ->
                    Content.refuse(
                            request, MetaCode.UNSUPPORTED, "the metaserver does not answer type " + request.type());
            }
        } catch (UnknownVersionException e) {
            Content.refuse(request, MetaCode.UNSUPPORTED, String.valueOf(e.getMessage()));
        } catch (MetaFormatException e) {
            Content.refuse(request, MetaCode.BAD_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    private void register(Incoming request, NodeRegistration registration) {
        final NodeRole wanted = registration.role();
        final boolean matches = switch (peer.role()) {
            case CHUNK -> wanted == NodeRole.CHUNK;
            case GATE -> wanted == NodeRole.GATE;
            case META, TOOL -> false;
        };
        if (!matches) {
            Content.refuse(request, MetaCode.BAD_REQUEST, "role: a " + peer.role() + " cannot register as " + wanted);
            return;
        }
        final NodeRecord known = state().node(registration.uuid());
        if (nodeId != 0 && (known == null || known.id() != nodeId)) {
            Content.refuse(request, MetaCode.BAD_REQUEST, "uuid: this connection is that of node " + nodeId);
            return;
        }
        service.propose(new MetaCommand.RegisterNode(registration, service.nowMs()), result -> {
            if (result.done()) {
                registered(request, registration, (int) result.value());
            } else {
                refuse(request, result);
            }
        });
    }

    private void registered(Incoming request, NodeRegistration registration, int id) {
        if (pushes != null) {
            nodeId = id;
            role = registration.role();
            service.registered(this);
        }
        final List<Integer> deviceIds = new ArrayList<>();
        registration.devices().forEach(device -> deviceIds.add(deviceId(device.uuid())));
        final Registered answer = new Registered(
                state().clusterId(),
                id,
                service.options().heartbeatNs(),
                service.options().timeoutNs(),
                deviceIds);
        Content.answer(request, MetaCode.OK, answer.toContent());
    }

    private int deviceId(UUID uuid) {
        final var device = state().device(uuid);
        Objects.requireNonNull(device, "a registered device is known");
        return device.id();
    }

    private void heartbeat(Incoming request, Heartbeat heartbeat) {
        if (nodeId == 0 || heartbeat.nodeId() != nodeId || state().node(nodeId) == null) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "node " + heartbeat.nodeId() + " must register first");
            return;
        }
        Content.done(request);
        service.heartbeat(nodeId, heartbeat.devices());
    }

    private void usage(Incoming request, UsageReport report) {
        final DeviceRecord device = state().device(report.deviceId());
        if (nodeId == 0 || report.nodeId() != nodeId || device == null || device.nodeId() != nodeId) {
            Content.refuse(
                    request, MetaCode.NOT_REGISTERED, "device " + report.deviceId() + " is not one of this node's");
            return;
        }
        Content.done(request);
        service.usage().reported(report);
    }

    private void repairs(Incoming request, RepairReport report) {
        if (role != NodeRole.CHUNK || report.nodeId() != nodeId) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "node " + report.nodeId() + " must register first");
            return;
        }
        Content.done(request);
        service.repairs().heard(report, service.nowMs());
    }

    private void heldParts(Incoming request, PartList held) {
        if (role != NodeRole.CHUNK) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "only a registered chunk server holds parts");
            return;
        }
        final List<Long> deleted =
                held.partIds().stream().filter(state()::isPartDeleted).toList();
        Content.answer(request, MetaCode.OK, new PartList(deleted).toContent());
    }

    private void subscribe(Incoming request, Subscription subscription) {
        if (subscription.nodeId() != nodeId) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "node " + subscription.nodeId() + " must register first");
            return;
        }
        Content.done(request);
        subscribed = true;
        sentVersions.clear();
        subscription.held().forEach(held -> sentVersions.put(held.setId(), held.version()));
        state().sets().forEach(this::sendMap);
        if (role == NodeRole.CHUNK) {
            service.fences().subscribe(nodeId, carrier);
        }
    }

    private void attach(Incoming request, AttachRequest wanted) {
        if (nodeId == 0 || wanted.nodeId() != nodeId) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "node " + wanted.nodeId() + " must register first");
            return;
        }
        service.propose(new MetaCommand.Attach(wanted), result -> {
            final VolumeRecord volume = state().volume(wanted.volumeName());
            if (!result.done() || volume == null) {
                refuse(request, result);
                return;
            }
            service.fences().await(volume, request.deadlineNs(), new Fences.Waiter() {
                @Override
                public void granted() {
                    grant(request, volume.volumeId(), (int) result.value());
                }

                @Override
                public void late(String reason) {
                    Content.refuse(request, MetaCode.UNAVAILABLE, reason);
                }
            });
        });
    }

    private void grant(Incoming request, long volumeId, int generation) {
        final VolumeRecord volume = state().volume(volumeId);
        if (volume == null || volume.generation() != generation) {
            Content.refuse(request, MetaCode.FENCED, "the attachment was superseded while it was made; attach anew");
            return;
        }
        Content.answer(request, MetaCode.OK, volume.toContent());
    }

    private void detach(Incoming request, DetachRequest wanted) {
        final VolumeRecord volume = state().volume(wanted.volumeId());
        if (volume != null && volume.generation() == wanted.generation() && volume.gateNodeId() != nodeId) {
            if (volume.attached()) {
                Content.refuse(request, MetaCode.CONFLICT, "the volume is attached to another gate");
                return;
            }
        }
        service.propose(new MetaCommand.Detach(wanted.volumeId(), wanted.generation()), result -> {
            if (result.done()) {
                Content.done(request);
            } else {
                refuse(request, result);
            }
        });
    }

    private void lookup(Incoming request, VolumeName wanted) {
        final VolumeRecord volume = state().volume(wanted.name());
        if (volume == null) {
            Content.refuse(
                    request,
                    MetaCode.NOT_FOUND,
                    "volume: there is no volume '" + wanted.name() + "'; list the volumes");
            return;
        }
        Content.answer(request, MetaCode.OK, volume.toContent());
    }

    private void changePg(Incoming request, PgChange change) {
        if (role != NodeRole.CHUNK) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "only a registered chunk server changes a configuration");
            return;
        }
        service.wish(change, result -> {
            final PgState now = pgState(change);
            if (now != null && (result.done() || result.code() == MetaCode.STALE_EPOCH)) {
                Content.answer(request, result.code(), now.toContent());
            } else {
                refuse(request, result);
            }
        });
    }

    private void handOver(Incoming request, HandOverRequest wanted) {
        if (role != NodeRole.CHUNK || wanted.nodeId() != nodeId) {
            Content.refuse(request, MetaCode.NOT_REGISTERED, "node " + wanted.nodeId() + " must register first");
            return;
        }
        service.handOver(nodeId, result -> {
            if (!result.done()) {
                refuse(request, result);
                return;
            }
            final List<Subscription.HeldMap> maps = new ArrayList<>();
            state().sets()
                    .forEach(set -> maps.add(
                            new Subscription.HeldMap(set.id(), set.map().version())));
            Content.answer(request, MetaCode.OK, new HandOverResult(maps).toContent());
        });
    }

    private @Nullable PgState pgState(PgChange change) {
        final SetRecord set = state().set(change.setId());
        return set == null || change.pg() >= set.map().pgCount() ? null : PgStates.of(set.map(), change.pg());
    }

    /// A set has a newer map: send it unless one is on its way, after which the newest is sent.
    void sendMap(SetRecord set) {
        if (!subscribed || sending.getOrDefault(set.id(), false)) {
            return;
        }
        final ClusterMap map = set.map();
        final MapFeed.Update update = service.feed().update(set.id(), map, sentVersions.getOrDefault(set.id(), 0L));
        if (update == null) {
            return;
        }
        sending.put(set.id(), true);
        sendPiece(update, 0);
    }

    private void sendPiece(MapFeed.Update update, int piece) {
        final Pushes open = pushes;
        if (open == null) {
            return;
        }
        open.sendPiece(
                MetaMessage.MAP,
                update.description(piece),
                update.bytes(),
                update.offset(piece),
                update.length(piece),
                (call, status, code) -> pieceSent(update, piece, status, code));
    }

    private void pieceSent(MapFeed.Update update, int piece, CallStatus status, int code) {
        if (!accepted(status, code)) {
            return;
        }
        if (piece + 1 < update.pieces()) {
            sendPiece(update, piece + 1);
            return;
        }
        sending.put(update.setId(), false);
        sentVersions.put(update.setId(), update.toVersion());
        final SetRecord set = state().set(update.setId());
        if (set != null) {
            sendMap(set);
        }
    }

    private void sendGenerations(GenerationBatch batch, Runnable acknowledged) {
        final Pushes open = pushes;
        if (open == null) {
            return;
        }
        open.send(MetaMessage.GENERATIONS, batch.toContent(), (call, status, code) -> {
            if (accepted(status, code)) {
                acknowledged.run();
                service.generationsAcknowledged(nodeId);
            }
        });
    }

    /// Tell a gate of a change of a volume.
    void sendVolume(VolumeRecord volume) {
        final Pushes open = pushes;
        if (open != null) {
            open.send(MetaMessage.VOLUME, volume.toContent(), (call, status, code) -> accepted(status, code));
        }
    }

    /// Ask a gate.
    ///
    /// @return false if the connection is not there any more
    boolean ask(int type, byte[] content, ContentCall.Completion done) {
        final Pushes open = pushes;
        if (open == null) {
            return false;
        }
        open.send(type, content, done);
        return true;
    }

    /// A peer that does not take what it is sent would act on old knowledge: it must begin anew.
    private boolean accepted(CallStatus status, int code) {
        final boolean ok = status == CallStatus.ANSWERED && code == MetaCode.OK.code();
        if (!ok) {
            close();
        }
        return ok;
    }

    private static void refuse(Incoming request, CommandResult result) {
        Content.refuse(request, result.code(), result.message());
    }

    private MetaState state() {
        return service.state();
    }

    @Override
    public String toString() {
        final NodeRecord node = nodeId == 0 ? null : state().node(nodeId);
        return node == null ? peer.role() + " '" + peer.name() + "'" : node.role() + " '" + node.name() + "'";
    }
}
