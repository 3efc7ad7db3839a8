package io.basalt.gate.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The server and the client over real sockets, on a real reactor.
class RpcServerTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int[] NO_FDS = {};

    @TempDir
    private Path directory;

    private final RpcDispatcher dispatcher = new RpcDispatcher();
    private final List<RpcCall> deferred = new ArrayList<>();
    private final AtomicReference<Throwable> fault = new AtomicReference<>();
    private Path path;
    private ReactorThread thread;
    private RpcServer server;

    @BeforeEach
    void start() throws Exception {
        path = directory.resolve("rpc.sock");
        dispatcher.register(RpcMethod.of(
                "echo",
                "Answer the text",
                List.of(RpcParameter.text("text", "any").must()),
                call -> Json.text(call.text("text"))));
        dispatcher.register(RpcMethod.deferring("later", "Answer later", List.of(), deferred::add));
        dispatcher.register(RpcMethod.of("big", "Answer much", List.of(), _ -> Json.text("x".repeat(500_000))));
        thread = ReactorThread.start(
                ReactorConfiguration.of("rpc-test", 0).withIdleMode(IdleMode.INTERRUPT),
                () -> UringEngine.open(64),
                (_, _, thrown) -> fault.set(thrown));
        server = listen(_ -> true);
    }

    private RpcServer listen(IntPredicate userAllowed) throws Exception {
        return inReactor(() -> RpcServer.listen(thread.reactor(), dispatcher, path, userAllowed, RpcServer.SILENCE_NS));
    }

    private void close(RpcServer listening) throws Exception {
        inReactor(() -> {
            listening.close();
            return true;
        });
    }

    private <T> T inReactor(Callable<T> command) throws Exception {
        final FutureTask<T> task = new FutureTask<>(command);
        thread.reactor().post(task);
        return task.get();
    }

    @AfterEach
    void stop() throws Exception {
        close(server);
        thread.close();
        assertThat(fault.get()).isNull();
    }

    private RpcClient connect() {
        return RpcClient.connect(path, PATIENCE);
    }

    private int clientCount() {
        try {
            return inReactor(server::clientCount);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private int deferredCount() {
        try {
            return inReactor(deferred::size);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void answersACallAndAnError() {
        try (RpcClient client = connect()) {
            assertThat(client.call("echo", Json.object().put("text", "grüße")).stringValue())
                    .isEqualTo("grüße");
            assertThatThrownBy(() -> client.call("ecko", null)).isInstanceOfSatisfying(RpcError.class, error -> {
                assertThat(error.code()).isEqualTo(-32601);
                assertThat(error.field()).isEqualTo("method");
                assertThat(error.hint()).contains("echo");
            });
        }
        Await.until("the client is forgotten", () -> clientCount() == 0);
    }

    @Test
    void onlyTheOwnerMayUseTheSocket() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                .isEqualTo("rw-------");
    }

    @Test
    void letsTheOwnerInByDefault() throws Exception {
        final Path other = directory.resolve("own.sock");
        final RpcServer own = inReactor(() -> RpcServer.listen(thread.reactor(), dispatcher, other));
        try (RpcClient client = RpcClient.connect(other, PATIENCE)) {
            assertThat(client.call("echo", Json.object().put("text", "a")).stringValue())
                    .isEqualTo("a");
        }
        close(own);
        assertThat(other).doesNotExist();
    }

    @Test
    void hangsUpOnOtherUsers() throws Exception {
        final Path other = directory.resolve("others.sock");
        final RpcServer picky = inReactor(
                () -> RpcServer.listen(thread.reactor(), dispatcher, other, _ -> false, RpcServer.SILENCE_NS));
        try (RpcClient client = RpcClient.connect(other, PATIENCE)) {
            assertThatThrownBy(() -> client.call("echo", Json.object().put("text", "a")))
                    .isInstanceOf(RpcError.class);
        }
        close(picky);
    }

    @Test
    void replacesAStaleSocketButNotOneInUseNorAFile() throws Exception {
        final Path stale = directory.resolve("stale.sock");
        final int leftOver = UnixListener.listen(stale, 0600, 1).release();
        FileDescriptor.close(leftOver);
        final RpcServer replacing = inReactor(() -> RpcServer.listen(thread.reactor(), dispatcher, stale));
        assertThatThrownBy(() -> listen(_ -> true))
                .hasCauseInstanceOf(RpcError.class)
                .hasMessageContaining("in use");
        try (RpcClient client = RpcClient.connect(stale, PATIENCE)) {
            assertThat(client.call("echo", Json.object().put("text", "b")).stringValue())
                    .isEqualTo("b");
        }
        close(replacing);
        Files.writeString(stale, "precious");
        assertThatThrownBy(() -> inReactor(() -> RpcServer.listen(thread.reactor(), dispatcher, stale)))
                .hasCauseInstanceOf(RpcError.class);
        assertThat(stale).hasContent("precious");
    }

    @Test
    void servesManyClientsAtOnce() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            final List<Future<Integer>> results = new ArrayList<>();
            for (int number = 0; number < 16; number++) {
                final String text = "client " + number;
                results.add(executor.submit(() -> {
                    int answered = 0;
                    try (RpcClient client = connect()) {
                        for (int call = 0; call < 100; call++) {
                            final JsonNode result =
                                    client.call("echo", Json.object().put("text", text + call));
                            answered += result.stringValue().equals(text + call) ? 1 : 0;
                        }
                    }
                    return answered;
                }));
            }
            for (final Future<Integer> result : results) {
                assertThat(result.get()).isEqualTo(100);
            }
        }
        Await.until("all clients are forgotten", () -> clientCount() == 0);
    }

    @Test
    void aClientThatDoesNotReadHoldsUpOnlyItself() throws Exception {
        try (UnixSocket slow = UnixSocket.adopt(UnixSocket.connect(path));
                RpcClient other = connect()) {
            final String request = "{\"id\":1,\"method\":\"big\"}";
            send(slow, request.repeat(50));
            for (int call = 0; call < 20; call++) {
                assertThat(other.call("echo", Json.object().put("text", "a")).stringValue())
                        .isEqualTo("a");
            }
            assertThat(receive(slow, 50)).isEqualTo(50);
        }
    }

    @Test
    void silentClientsGiveUpTheirPlacesWhenTheyAreNeeded() throws Exception {
        final Path crowded = directory.resolve("crowded.sock");
        final RpcServer full =
                inReactor(() -> RpcServer.listen(thread.reactor(), dispatcher, crowded, _ -> true, 20_000_000));
        final List<UnixSocket> silent = new ArrayList<>();
        try (UnixSocket waiting = UnixSocket.adopt(UnixSocket.connect(crowded))) {
            send(waiting, "{\"id\":1,\"method\":\"later\"}");
            Await.until("the call has come", () -> deferredCount() == 1);
            while (silent.size() < RpcServer.CLIENTS_MAX - 1) {
                final int fd = UnixSocket.connect(crowded);
                if (fd >= 0) {
                    silent.add(UnixSocket.adopt(fd));
                } else {
                    assertThat(fd).as("the backlog is full").isEqualTo(-Errno.EAGAIN);
                    Thread.onSpinWait();
                }
            }
            // Half a request makes nobody less silent for long.
            send(silent.getFirst(), "{\"id\":");
            try (RpcClient late = RpcClient.connect(crowded, PATIENCE)) {
                assertThat(late.call("echo", Json.object().put("text", "a")).stringValue())
                        .isEqualTo("a");
            }
            assertThat(inReactor(full::clientCount)).isLessThanOrEqualTo(RpcServer.CLIENTS_MAX);
            inReactor(() -> {
                deferred.getFirst().answerTrue();
                return true;
            });
            assertThat(receive(waiting, 1)).as("who waits for an answer stays").isEqualTo(1);
        } finally {
            silent.forEach(UnixSocket::close);
            close(full);
        }
    }

    @Test
    void clientsThatAreSilentStayWhileThereIsRoom() throws Exception {
        final Path roomy = directory.resolve("roomy.sock");
        final RpcServer calm = inReactor(() -> RpcServer.listen(thread.reactor(), dispatcher, roomy, _ -> true, 1));
        try (UnixSocket silent = UnixSocket.adopt(UnixSocket.connect(roomy));
                RpcClient other = RpcClient.connect(roomy, PATIENCE)) {
            for (int call = 0; call < 20; call++) {
                other.call("echo", Json.object().put("text", "a"));
            }
            send(silent, "{\"id\":1,\"method\":\"echo\",\"params\":{\"text\":\"b\"}}");
            assertThat(receive(silent, 1)).isEqualTo(1);
        } finally {
            close(calm);
        }
    }

    @Test
    void finishesTheAnswersOfAClientThatHasStoppedSending() throws Exception {
        try (UnixSocket client = UnixSocket.adopt(UnixSocket.connect(path))) {
            send(client, "{\"id\":1,\"method\":\"later\"}");
            Await.until("the call has come", () -> deferredCount() == 1);
            inReactor(() -> {
                deferred.getFirst().answerTrue();
                return true;
            });
            assertThat(receive(client, 1)).isEqualTo(1);
        }
    }

    @Test
    void closesAfterAParseErrorThatItAnswers() {
        try (UnixSocket client = UnixSocket.adopt(UnixSocket.connect(path))) {
            send(client, "hello");
            assertThat(receive(client, 1)).isEqualTo(1);
            Await.until("the connection is closed", () -> clientCount() == 0);
        }
    }

    @Test
    void forgetsAClientThatIsGoneBeforeItsAnswer() throws Exception {
        try (UnixSocket client = UnixSocket.adopt(UnixSocket.connect(path))) {
            send(client, "{\"id\":1,\"method\":\"later\"}");
            Await.until("the call has come", () -> deferredCount() == 1);
        }
        inReactor(() -> {
            deferred.getFirst().answerTrue();
            return true;
        });
        Await.until("the client is forgotten", () -> clientCount() == 0);
    }

    @Test
    void aCallThatCompletesAfterTheServerIsClosedCompletesIntoNothing() throws Exception {
        try (UnixSocket client = UnixSocket.adopt(UnixSocket.connect(path))) {
            send(client, "{\"id\":1,\"method\":\"later\"}");
            Await.until("the call has come", () -> deferredCount() == 1);
            inReactor(() -> {
                server.close();
                deferred.getFirst().answerTrue();
                return true;
            });
            assertThat(inReactor(server::clientCount)).isZero();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void leaksNoDescriptor() throws Exception {
        final int before = FileDescriptor.openCount();
        for (int round = 0; round < 50; round++) {
            try (RpcClient client = connect()) {
                assertThat(client.call("echo", Json.object().put("text", "a")).stringValue())
                        .isEqualTo("a");
            }
        }
        Await.until("all descriptors are closed", () -> clientCount() == 0 && FileDescriptor.openCount() <= before);
    }

    @Test
    void aClientWithoutServerSaysWhatToDo() {
        assertThatThrownBy(() -> RpcClient.connect(directory.resolve("nobody.sock"), PATIENCE))
                .isInstanceOfSatisfying(RpcError.class, error -> {
                    assertThat(error.code()).isEqualTo(-Errno.ENOENT);
                    assertThat(error.hint()).contains("is a gate running there?");
                });
    }

    @Test
    void aClientGivesUpAfterItsTimeout() {
        try (RpcClient client = RpcClient.connect(path, Duration.ofMillis(50))) {
            assertThatThrownBy(() -> client.call("later", null))
                    .isInstanceOfSatisfying(
                            RpcError.class, error -> assertThat(error.code()).isEqualTo(-Errno.ETIMEDOUT));
        }
    }

    private static void send(UnixSocket socket, String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            assertThat(socket.send(buffer, 0, bytes.length)).isEqualTo(bytes.length);
        }
    }

    /// Receives until there are so many answers.
    private static int receive(UnixSocket socket, int count) {
        final int chunkBytes = 64 << 10;
        final int[] lines = new int[1];
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(chunkBytes);
            Await.until(count + " answers", () -> {
                final int length = socket.receive(buffer, chunkBytes, NO_FDS);
                for (int at = 0; at < length; at++) {
                    lines[0] += buffer.get(ValueLayout.JAVA_BYTE, at) == '\n' ? 1 : 0;
                }
                return lines[0] == count;
            });
        }
        return lines[0];
    }
}
