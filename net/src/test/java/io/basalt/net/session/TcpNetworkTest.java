package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.RegionTable;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.NetException;
import io.basalt.net.NetOptions;
import io.basalt.net.Network.Acceptance;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.testkit.Await;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// What only TCP connections have: addresses, descriptors, sleeping reactors, a front end's memory.
class TcpNetworkTest {
    private static final NetOptions OPTIONS = NetOptions.DEFAULT.withBuffers(1 << 20, 8 << 20, 64 << 10, 16 << 10);

    @Test
    void speaksOverIpv6() {
        try (TcpWorld world = new TcpWorld()) {
            final StreamNetwork server = world.open("chunk", OPTIONS);
            final StreamNetwork client = world.open("gate", OPTIONS);
            final EchoService service = new EchoService();
            final Pair.Listener there = new Pair.Listener();
            final NodeAddress address = server.listen(world.address("six"), peer -> new Acceptance(service, there));
            final Pair.Listener listener = new Pair.Listener();
            client.connect(address, service, listener);
            world.until("ready", () -> listener.ready + there.ready == 2);
            assertThat(there.connection().toString())
                    .contains("[0:0:0:0:0:0:0:1]:")
                    .contains("READY");
        }
    }

    @Test
    void addressesThatCannotBeUsedAreNamed() {
        try (TcpWorld world = new TcpWorld()) {
            final Pair pair = new Pair(world, OPTIONS);
            assertThatThrownBy(() -> pair.gate.listen(pair.address, peer -> null))
                    .isInstanceOf(NetException.class)
                    .hasMessageContaining(pair.address.toString())
                    .hasMessageContaining("EADDRINUSE");
            final NodeAddress name = new NodeAddress("localhost", 1);
            assertThatThrownBy(() -> pair.gate.connect(name, pair.gateService, pair.gateListener))
                    .isInstanceOf(NetException.class)
                    .hasMessageContaining("localhost")
                    .hasMessageContaining("not a name");
        }
    }

    @Test
    void connectionsLeaveNoDescriptorBehind() {
        final int before = FileDescriptor.openCount();
        try (TcpWorld world = new TcpWorld()) {
            final Pair pair = new Pair(world, OPTIONS);
            final int open = FileDescriptor.openCount();
            for (int i = 0; i < 50; i++) {
                final Pair.Listener listener = new Pair.Listener();
                final Connection connection = pair.gate.connect(pair.address, pair.gateService, listener);
                if (i % 3 == 0) {
                    connection.close();
                } else if (i % 3 == 1) {
                    world.until("ready", () -> listener.ready == 1);
                    connection.close();
                } else {
                    world.turn();
                    connection.close();
                }
                world.until("closed", () -> listener.closed == 1);
            }
            world.until("gone there too", () -> pair.chunk.connectionCount() == 1);
            assertThat(FileDescriptor.openCount()).isEqualTo(open);
        }
        assertThat(FileDescriptor.openCount()).isEqualTo(before);
    }

    /// A front end that truncates its memory while a read is under way loses that read, and nobody else anything.
    @Test
    void memoryThatAFrontEndTookAwayFailsItsCallOnly() {
        try (TcpWorld world = new TcpWorld();
                MemFd memory = MemFd.create("guest", 8192);
                Mapping mapping = Mapping.ofFile(memory.fd(), 0, 8192, true)) {
            final Pair pair = new Pair(world, OPTIONS);
            final RegionTable guest = new RegionTable(List.of(mapping.segment()));
            final TestCall call = new TestCall(4096).request(EchoService.FILL, 5000, pair.soonNs());
            call.incoming().reset(guest);
            call.incoming().add(0, 0, 8192);
            assertThat(pair.connection.send(call)).isTrue();
            assertThat(memory.truncate(0)).isZero();
            world.until("over", call::isDone);
            assertThat(call.status).isEqualTo(CallStatus.MEMORY_LOST);
            final TestCall other = new TestCall(4096).request(EchoService.ECHO, 7, pair.soonNs());
            assertThat(pair.connection.send(other)).isTrue();
            world.until("answered", other::isDone);
            assertThat(other.status).isEqualTo(CallStatus.ANSWERED);
            final TestCall lost = new TestCall(4096).request(EchoService.ECHO, 8, pair.soonNs());
            lost.outgoing().reset(guest);
            lost.outgoing().add(0, 0, 4096);
            assertThatThrownBy(() -> pair.connection.send(lost)).isInstanceOf(InternalError.class);
            NetworkContract.assertNothingHeld(pair);
        }
    }

    /// It must not; but if it does, the connection ends, and its reactor goes on.
    @Test
    void callbackThatThrowsEndsItsConnection() {
        try (TcpWorld world = new TcpWorld()) {
            final Pair pair = new Pair(world, OPTIONS);
            final TestCall call = new TestCall(4096).request(EchoService.ECHO, 1, pair.soonNs());
            call.whenCompleted = () -> {
                throw new IllegalStateException("thrown by the test");
            };
            assertThat(pair.connection.send(call)).isTrue();
            assertThatThrownBy(() -> world.until("completed", call::isDone)).hasRootCauseMessage("thrown by the test");
            world.until("closed", () -> pair.gateListener.closed == 1);
            assertThat(pair.gateListener.reason).contains("callback");
        }
    }

    /// The receive under way is what wakes a reactor that sleeps; nothing polls.
    @Test
    void sleepingReactorsWakeForEachOther() throws Exception {
        try (ReactorThread there = thread("answerer");
                ReactorThread here = thread("caller")) {
            final EchoService service = new EchoService();
            service.remember = false;
            final TcpNetwork server = in(there, () -> network(there, Role.CHUNK));
            final NodeAddress address = in(
                    there,
                    () -> server.listen(
                            new NodeAddress("127.0.0.1", 0), peer -> new Acceptance(service, new Pair.Listener())));
            final TcpNetwork client = in(here, () -> network(here, Role.GATE));
            final Pair.Listener listener = new Pair.Listener();
            final Connection connection = in(here, () -> client.connect(address, service, listener));
            Await.until("ready", () -> get(here, () -> listener.ready == 1));
            final AtomicInteger answered = new AtomicInteger();
            for (int i = 1; i <= 20; i++) {
                final long beforeThere = sleeps(there);
                final long beforeHere = sleeps(here);
                final TestCall call = new TestCall(4096).request(EchoService.ECHO, i, Long.MAX_VALUE);
                call.whenCompleted = answered::incrementAndGet;
                assertThat(in(here, () -> connection.send(call.sending(4096, 1).receiving(4096, 1))))
                        .isTrue();
                final int expected = i;
                Await.until("answered", () -> answered.get() == expected);
                Await.until("both sleep again", () -> sleeps(there) > beforeThere && sleeps(here) > beforeHere);
            }
            close(here, client);
            close(there, server);
        }
    }

    private static long sleeps(ReactorThread thread) {
        return thread.reactor().counters().snapshot().sleeps();
    }

    private static ReactorThread thread(String name) {
        return ReactorThread.start(
                ReactorConfiguration.of(name, 0), () -> UringEngine.open(64), (where, what, fault) -> {
                    throw new AssertionError(what + " failed", fault);
                });
    }

    private static TcpNetwork network(ReactorThread thread, Role role) {
        return TcpNetwork.open(thread.reactor(), OPTIONS, NetworkWorld.KEY, new PeerIdentity(role, 1, "test"));
    }

    private static void close(ReactorThread thread, TcpNetwork network) throws Exception {
        in(thread, () -> {
            network.close();
            return true;
        });
        Await.until("closed", () -> get(thread, network::isClosed));
    }

    private static <T> T get(ReactorThread thread, Supplier<T> question) {
        try {
            return in(thread, question);
        } catch (ExecutionException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static <T> T in(ReactorThread thread, Supplier<T> question)
            throws ExecutionException, InterruptedException {
        final CompletableFuture<T> answer = new CompletableFuture<>();
        thread.reactor().post(() -> answer.complete(question.get()));
        return answer.get();
    }
}
