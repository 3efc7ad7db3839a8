package io.basalt.quorum;

import io.basalt.meta.log.Replica;
import io.basalt.meta.log.Replication;
import io.basalt.net.NodeAddress;
import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import org.apache.ratis.protocol.RaftPeer;
import org.jspecify.annotations.Nullable;

/// The replicas of the quorum, and changes of them. Belongs to the log's owner.
final class RaftReplication implements Replication {
    private static final long TRANSFER_TIMEOUT_MS = 5_000;

    private final RaftProcess process;
    private final QuorumOptions options;
    private final Executor owner;
    private final IntFunction<StateSnapshot.@Nullable Place> places;
    private final BooleanSupplier leads;
    private final IntSupplier leaderId;

    RaftReplication(
            RaftProcess process,
            QuorumOptions options,
            Executor owner,
            IntFunction<StateSnapshot.@Nullable Place> places,
            BooleanSupplier leads,
            IntSupplier leaderId) {
        this.process = process;
        this.options = options;
        this.owner = owner;
        this.places = places;
        this.leads = leads;
        this.leaderId = leaderId;
    }

    @Override
    public List<Replica> replicas() {
        final List<Replica> all = new ArrayList<>();
        for (final RaftPeer peer : process.members()) {
            final int id = Integer.parseInt(peer.getId().toString());
            final StateSnapshot.Place place =
                    id == options.id() ? new StateSnapshot.Place(options.rest(), options.nodes()) : places.apply(id);
            all.add(new Replica(
                    id,
                    address(peer),
                    place == null ? null : place.rest(),
                    place == null ? null : place.nodes(),
                    id == leaderId.getAsInt(),
                    id == options.id(),
                    process.contact(peer.getId())));
        }
        all.sort(Comparator.comparingInt(Replica::id));
        return all;
    }

    private static NodeAddress address(RaftPeer peer) {
        final String text = peer.getAddress();
        final int colon = text.lastIndexOf(':');
        return new NodeAddress(
                text.substring(0, colon).replaceAll("^\\[|]$", ""), Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public void add(int id, NodeAddress address, MetaReply<Boolean> reply) {
        final List<RaftPeer> now = process.members();
        if (!requireLeads(reply)) {
            return;
        }
        if (id < 1 || id > QuorumOptions.ID_MAX) {
            reply.refused(
                    MetaCode.BAD_REQUEST,
                    "id: " + id + " is no number of a replica; write one from 1 to " + QuorumOptions.ID_MAX);
            return;
        }
        for (final RaftPeer peer : now) {
            if (peer.getId().equals(RaftProcess.peerId(id)) || address(peer).equals(address)) {
                reply.refused(
                        MetaCode.EXISTS,
                        "id: replica " + peer.getId() + " at " + peer.getAddress()
                                + " is in the quorum already; choose a number and an address that are new");
                return;
            }
        }
        final List<RaftPeer> then = new ArrayList<>(now);
        then.add(RaftProcess.peer(id, address));
        process.change(
                now,
                then,
                ended(
                        reply,
                        "replica " + id + " at " + address + " was not taken in: ",
                        "; it must run, with an empty folder, this number, the cluster's key and `join = true`"));
    }

    @Override
    public void remove(int id, MetaReply<Boolean> reply) {
        final List<RaftPeer> now = process.members();
        if (!requireLeads(reply) || !requireMember(now, id, reply)) {
            return;
        }
        if (id == options.id()) {
            reply.refused(
                    MetaCode.CONFLICT,
                    now.size() == 1
                            ? "id: replica " + id + " is the only one; add another one first"
                            : "id: replica " + id + " leads; have another one lead first: basalt meta transfer ID");
            return;
        }
        final List<RaftPeer> then = now.stream()
                .filter(peer -> !peer.getId().equals(RaftProcess.peerId(id)))
                .toList();
        process.change(now, then, ended(reply, "replica " + id + " was not left out: ", "; ask again"));
    }

    @Override
    public void transfer(int id, MetaReply<Boolean> reply) {
        if (!requireLeads(reply) || !requireMember(process.members(), id, reply)) {
            return;
        }
        process.transfer(
                id,
                TRANSFER_TIMEOUT_MS,
                ended(
                        reply,
                        "replica " + id + " does not lead: ",
                        "; look whether it runs (basalt meta ls), and ask again"));
    }

    private boolean requireLeads(MetaReply<Boolean> reply) {
        if (!leads.getAsBoolean()) {
            reply.refused(MetaCode.NOT_LEADER, "metaserver: does not lead; ask the one that does");
            return false;
        }
        return true;
    }

    private static boolean requireMember(List<RaftPeer> now, int id, MetaReply<Boolean> reply) {
        if (now.stream().noneMatch(peer -> peer.getId().equals(RaftProcess.peerId(id)))) {
            reply.refused(MetaCode.NOT_FOUND, "id: no replica has the number " + id + "; list them: basalt meta ls");
            return false;
        }
        return true;
    }

    private Consumer<@Nullable String> ended(MetaReply<Boolean> reply, String what, String hint) {
        return failure -> owner.execute(() -> {
            if (failure == null) {
                reply.done(true);
            } else {
                reply.refused(MetaCode.UNAVAILABLE, "quorum: " + what + failure.replace(';', ',') + hint);
            }
        });
    }
}
