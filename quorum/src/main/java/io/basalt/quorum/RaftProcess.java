package io.basalt.quorum;

import io.basalt.meta.log.Contact;
import io.basalt.meta.log.MetaLogException;
import io.basalt.net.NodeAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.ExitUtils;
import org.jspecify.annotations.Nullable;

/// The Ratis server of this replica. Requests go out from one thread of its own, in order; any thread.
final class RaftProcess {
    /// Kept, so that the level stays set: loggers are held weakly.
    private static final Logger RATIS = Logger.getLogger("org.apache.ratis");

    /// Says with a stack trace what an exception says to whoever starts the log.
    private static final Logger LIFE_CYCLE = Logger.getLogger("org.apache.ratis.util.LifeCycle");

    static {
        // Ratis ends the process when it cannot go on. Here the metaserver says so, and goes on answering.
        ExitUtils.disableSystemExit();
        LIFE_CYCLE.setLevel(Level.OFF);
    }

    private static final String ID_FILE = "replica";

    private final QuorumOptions options;
    private final RaftMachine machine;
    private final Announcements announcements = new Announcements();
    private final RaftGroupId group;
    private final RaftPeerId self;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong calls = new AtomicLong();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("meta-quorum").daemon().factory());
    private volatile @Nullable RaftServer server;
    private volatile @Nullable Contacts contacts;

    RaftProcess(QuorumOptions options, RaftMachine machine) {
        this.options = options;
        this.machine = machine;
        this.group = RaftGroupId.valueOf(options.group());
        this.self = peerId(options.id());
    }

    /// @throws MetaLogException if it cannot be started
    void start() {
        requireFree(options.self());
        // Elections and lost peers are its daily business; what matters is told by the metaserver.
        RATIS.setLevel(Level.SEVERE);
        try {
            Files.createDirectories(options.folder());
            requireOwnFolder();
            final RaftServer made = RaftServer.newBuilder()
                    .setServerId(self)
                    .setStateMachine(machine)
                    .setProperties(RaftSettings.properties(options))
                    .setParameters(RaftSettings.parameters(options.group(), announcements))
                    .setGroup(RaftGroup.valueOf(group, options.join() ? List.of() : peers()))
                    .setOption(RaftStorage.StartupOption.RECOVER)
                    .build();
            server = made;
            made.start();
            final String name = Announcements.name(options.id(), options.newestCommand());
            final Contacts started =
                    new Contacts(made.getServerRpc(), group, self, name, this::members, this::leadsGroup);
            contacts = started;
            started.start();
        } catch (MetaLogException e) {
            close();
            throw e;
        } catch (IOException | RuntimeException e) {
            close();
            throw new MetaLogException(
                    "quorum folder " + options.folder() + ": the log cannot be opened: " + root(e)
                            + "; is another metaserver using it? If it is damaged: remove this replica (`basalt meta"
                            + " rm`), and add it again under a new number, with an empty folder",
                    e);
        }
    }

    /// A replica that goes on with another one's folder would vote a second time in its name.
    private void requireOwnFolder() throws IOException {
        final Path file = options.folder().resolve(ID_FILE);
        final String own = Integer.toString(options.id());
        if (!Files.exists(file)) {
            Files.writeString(file, own);
            return;
        }
        final String found = Files.readString(file).strip();
        if (!found.equals(own)) {
            throw new MetaLogException("quorum folder " + options.folder() + ": is that of replica " + found
                    + ", but id is " + own + "; correct [meta] id or data");
        }
    }

    private List<RaftPeer> peers() {
        final List<RaftPeer> peers = new ArrayList<>();
        options.members().forEach((id, address) -> peers.add(peer(id, address)));
        return peers;
    }

    /// Ratis would say it late, and in its own words.
    private static void requireFree(NodeAddress address) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(address.host(), address.port()));
        } catch (IOException e) {
            throw new MetaLogException("quorum: cannot listen on " + address + ": " + e.getMessage()
                    + "; choose an address of this host and a port that nobody uses");
        }
    }

    static RaftPeerId peerId(int id) {
        return RaftPeerId.valueOf(Integer.toString(id));
    }

    static RaftPeer peer(int id, NodeAddress address) {
        return RaftPeer.newBuilder()
                .setId(peerId(id))
                .setAddress(address.toString())
                .build();
    }

    /// Proposes an entry.
    ///
    /// @param ended told why it failed, null if it is committed and read; on any thread
    void propose(byte[] entry, Consumer<@Nullable String> ended) {
        ask(
                running -> running.submitClientRequestAsync(RaftClientRequest.newBuilder()
                        .setClientId(client)
                        .setServerId(self)
                        .setGroupId(group)
                        .setCallId(calls.incrementAndGet())
                        .setMessage(Message.valueOf(UnsafeByteOperations.unsafeWrap(entry)))
                        .setType(RaftClientRequest.writeRequestType())
                        .build()),
                ended);
    }

    /// Changes the members from those that are known to others.
    void change(List<RaftPeer> from, List<RaftPeer> to, Consumer<@Nullable String> ended) {
        ask(
                running -> running.setConfigurationAsync(new SetConfigurationRequest(
                        client,
                        self,
                        group,
                        calls.incrementAndGet(),
                        SetConfigurationRequest.Arguments.newBuilder()
                                .setServersInCurrentConf(from)
                                .setServersInNewConf(to)
                                .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                                .build())),
                ended);
    }

    /// Makes another member the leader.
    void transfer(int id, long timeoutMs, Consumer<@Nullable String> ended) {
        ask(
                running -> running.transferLeadershipAsync(new TransferLeadershipRequest(
                        client, self, group, calls.incrementAndGet(), peerId(id), timeoutMs)),
                ended);
    }

    /// The members, as far as this one knows.
    List<RaftPeer> members() {
        final RaftServer running = server;
        if (running == null) {
            return List.of();
        }
        try {
            return List.copyOf(running.getDivision(group).getRaftConf().getCurrentPeers());
        } catch (IOException e) {
            // It has stopped: there are none that it knows.
            return List.of();
        }
    }

    /// Whether this replica leads the Raft group, though nobody may have read that yet: then its requests to the
    /// others must not be broken off.
    private boolean leadsGroup() {
        final RaftServer running = server;
        try {
            return running != null && running.getDivision(group).getInfo().isLeader();
        } catch (IOException e) {
            // It has stopped: nothing of it leads.
            return false;
        }
    }

    /// Newest version of commands that all other members have said they understand.
    int understood() {
        return announcements.ofAll(members().stream()
                .filter(peer -> !peer.getId().equals(self))
                .map(peer -> Integer.valueOf(peer.getId().toString()))
                .toList());
    }

    /// What this replica hears of another one.
    Contact contact(RaftPeerId id) {
        final Contacts asked = contacts;
        return asked == null ? Contact.NONE : asked.of(id);
    }

    private interface Request {
        CompletableFuture<RaftClientReply> send(RaftServer server) throws IOException;
    }

    private void ask(Request request, Consumer<@Nullable String> ended) {
        final RaftServer running = server;
        if (running == null) {
            ended.accept("the log is closed");
            return;
        }
        try {
            thread.execute(() -> {
                try {
                    // Whoever asked is told; nobody else waits for it.
                    final var _ = request.send(running)
                            .whenComplete((reply, failure) -> ended.accept(failure(reply, failure)));
                } catch (IOException | RuntimeException e) {
                    ended.accept(root(e));
                }
            });
        } catch (RejectedExecutionException e) {
            ended.accept("the log is closed");
        }
    }

    private static @Nullable String failure(@Nullable RaftClientReply reply, @Nullable Throwable failure) {
        if (failure != null) {
            return root(failure);
        }
        if (reply == null || reply.isSuccess()) {
            return null;
        }
        return reply.getException() == null ? "it failed" : root(reply.getException());
    }

    private static String root(Throwable failure) {
        Throwable at = failure;
        while (at.getCause() != null) {
            at = at.getCause();
        }
        return at.getMessage() == null ? at.toString() : at.getMessage();
    }

    /// Stops, and waits for it. Any thread but Ratis' own.
    synchronized void close() {
        final RaftServer running = server;
        final Contacts asking = contacts;
        contacts = null;
        if (asking != null) {
            asking.close();
        }
        if (running != null) {
            // Requests of others that come too late are no errors.
            RATIS.setLevel(Level.OFF);
            server = null;
            try {
                running.close();
            } catch (IOException e) {
                throw new MetaLogException("quorum folder " + options.folder() + ": cannot be closed: " + e, e);
            }
        }
        thread.shutdownNow();
    }
}
