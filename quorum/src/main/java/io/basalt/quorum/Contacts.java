package io.basalt.quorum;

import io.basalt.meta.log.Contact;
import io.basalt.meta.log.MetaLogException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServerRpc;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.Status;

/// Keeps a replica in contact with the others while it does not lead.
///
/// A follower talks to its leader only. When that dies, it would have to make its first connection to the other
/// followers, and load the classes for it, in the middle of an election that gives up each round after a fraction of a
/// second; and if one of them had been away before, gRPC would wait for up to two minutes before it tried again. So
/// each replica asks each other one every second for what an election begins with: whether it would vote for
/// somebody. It asks in the name of nobody, so that no answer has a consequence; the name says which commands it
/// understands ([Announcements]).
///
/// What comes of it is known to people too, and said in the log when it changes.
final class Contacts implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Contacts.class.getName());
    private static final long PERIOD_MS = 1_000;

    private final RaftServerRpc rpc;
    private final RaftGroupId group;
    private final RaftPeerId self;
    private final ByteString name;
    private final Supplier<List<RaftPeer>> members;
    private final BooleanSupplier leads;
    private final AtomicLong calls = new AtomicLong();
    private final Map<RaftPeerId, Contact> found = new ConcurrentHashMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("meta-quorum-contacts").daemon().factory());

    /// @param name of nobody, in which it asks: see [Announcements]
    /// @param members those that there are, this one among them
    /// @param leads whether this replica leads the group: then its own requests keep the connections, and must not
    ///     be broken off
    Contacts(
            RaftServerRpc rpc,
            RaftGroupId group,
            RaftPeerId self,
            String name,
            Supplier<List<RaftPeer>> members,
            BooleanSupplier leads) {
        this.rpc = rpc;
        this.group = group;
        this.self = self;
        this.name = ByteString.copyFromUtf8(name);
        this.members = members;
        this.leads = leads;
    }

    /// Begin to ask.
    void start() {
        // It ends with the thread.
        final var _ = thread.scheduleWithFixedDelay(this::askAll, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    /// What was heard of a replica last. Any thread.
    Contact of(RaftPeerId id) {
        return found.getOrDefault(id, Contact.NONE);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void askAll() {
        final List<RaftPeer> all = members.get();
        for (final RaftPeer peer : all) {
            if (!peer.getId().equals(self) && !thread.isShutdown()) {
                became(peer, ask(peer.getId()));
            }
        }
        found.keySet().retainAll(Set.copyOf(all.stream().map(RaftPeer::getId).toList()));
    }

    private Contact ask(RaftPeerId id) {
        try {
            rpc.requestVote(question(id));
            return Contact.ANSWERS;
        } catch (IOException | RuntimeException e) {
            // All that Ratis and gRPC throw means the same: no answer, or one that is a refusal.
            final Status.Code code = Status.fromThrowable(e).getCode();
            if (code != Status.Code.UNAVAILABLE && code != Status.Code.DEADLINE_EXCEEDED) {
                return isMismatch(e) ? Contact.STRANGER : Contact.SILENT;
            }
            if (!leads.getAsBoolean()) {
                // A new connection is tried at once next time, not after gRPC's growing pauses.
                rpc.handleException(id, new IOException(e), true);
            }
            return Contact.SILENT;
        }
    }

    private static boolean isMismatch(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (String.valueOf(at.getMessage()).contains("GroupMismatch")
                    || at.getClass().getSimpleName().startsWith("GroupMismatch")
                    || String.valueOf(at.getMessage()).contains("not found")) {
                return true;
            }
        }
        return false;
    }

    private RequestVoteRequestProto question(RaftPeerId id) {
        return RequestVoteRequestProto.newBuilder()
                .setServerRequest(RaftRpcRequestProto.newBuilder()
                        .setRequestorId(name)
                        .setReplyId(id.toByteString())
                        .setRaftGroupId(RaftGroupIdProto.newBuilder().setId(group.toByteString()))
                        .setCallId(calls.incrementAndGet()))
                .setPreVote(true)
                .build();
    }

    private void became(RaftPeer peer, Contact now) {
        final Contact before = found.put(peer.getId(), now);
        if (now == before || thread.isShutdown()) {
            return;
        }
        final String what = "replica " + peer.getId() + " at " + peer.getAddress() + " ";
        switch (now) {
            case SILENT -> LOG.log(Level.WARNING, what + "does not answer this one; see whether it runs");
            case STRANGER ->
                LOG.log(
                        Level.WARNING,
                        what + "does not belong to this quorum: it has another cluster.key, or waits to be taken in"
                                + " (`basalt meta add`); give all replicas the same key");
            case ANSWERS -> {
                if (before != null) {
                    LOG.log(Level.INFO, what + "answers again");
                }
            }
            case NONE -> throw new MetaLogException("whoever was asked has answered or not");
        }
    }
}
