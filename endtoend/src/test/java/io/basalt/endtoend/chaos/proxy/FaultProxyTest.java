package io.basalt.endtoend.chaos.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.Await;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Each fault does what it says, to whom it should be done, and no longer than it lasts.
@Timeout(1200)
class FaultProxyTest {
    private static final int PATIENT_MS = 120_000;
    private static final int IMPATIENT_MS = 150;
    private static final long MS = 1_000_000;
    private static final int PIECES = 200;
    private static final int PIECE = 100;

    private final long seed = Seeds.next();
    private final RandomGenerator random = Seeds.random(seed);
    private ServerSocket listening = unbound();
    private FaultProxy proxy = proxyOf(listening);

    private static ServerSocket unbound() {
        try {
            return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private FaultProxy proxyOf(ServerSocket target) {
        try {
            return FaultProxy.listen(
                    0,
                    (InetSocketAddress) target.getLocalSocketAddress(),
                    new ProcessConnectors(() ->
                            Map.of("other", 1L, "self", ProcessHandle.current().pid())),
                    seed);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    @BeforeEach
    void saySeed() {
        System.out.println("seed " + Seeds.text(seed));
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        listening.close();
    }

    /// A connection through the proxy, both ends of it.
    private record Pair(Socket client, Socket server) implements AutoCloseable {
        void send(boolean towardsServer, byte[] bytes) throws IOException {
            (towardsServer ? client : server).getOutputStream().write(bytes);
        }

        /// What arrives, all of it if it is as much as asked for before the time is over.
        byte[] receive(boolean atServer, int length, int limitMs) throws IOException {
            final Socket socket = atServer ? server : client;
            socket.setSoTimeout(limitMs);
            final byte[] bytes = new byte[length];
            int filled = 0;
            final InputStream in = socket.getInputStream();
            try {
                while (filled < length) {
                    final int count = in.read(bytes, filled, length - filled);
                    if (count < 0) {
                        break;
                    }
                    filled += count;
                }
            } catch (SocketTimeoutException late) {
                return Arrays.copyOf(bytes, filled);
            }
            return Arrays.copyOf(bytes, filled);
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    private Pair connect() throws IOException {
        final Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        client.setTcpNoDelay(true);
        final Socket server = listening.accept();
        server.setTcpNoDelay(true);
        return new Pair(client, server);
    }

    private byte[] bytes(int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    @Test
    void forwardsEverythingInBothDirections() throws IOException {
        try (Pair pair = connect()) {
            for (final boolean towardsServer : new boolean[] {true, false}) {
                final byte[] sent = bytes(100_000);
                pair.send(towardsServer, sent);
                assertThat(pair.receive(towardsServer, sent.length, PATIENT_MS)).isEqualTo(sent);
            }
            assertThat(proxy.connected()).isEqualTo(1);
            assertThat(proxy.faults()).isZero();
        }
    }

    @Test
    void knowsWhoHasConnectedByTheProcess() throws IOException {
        try (Pair pair = connect()) {
            pair.send(true, bytes(1));
            pair.receive(true, 1, PATIENT_MS);
            assertThat(proxy.parties()).containsExactly("self");
        }
    }

    @Test
    void doesNothingToOtherParties() throws IOException {
        proxy.inject("other", WireFault.DROP, 0);
        try (Pair pair = connect()) {
            final byte[] sent = bytes(1000);
            pair.send(true, sent);
            assertThat(pair.receive(true, sent.length, PATIENT_MS)).isEqualTo(sent);
        }
    }

    @Test
    void tellsTheOtherSideWhenOneHangsUp() throws IOException {
        try (Pair pair = connect()) {
            pair.client.close();
            assertThat(pair.receive(true, 1, PATIENT_MS)).isEmpty();
            assertThat(pair.server.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void partitionHoldsBackBothDirectionsUntilItIsHealed() throws IOException {
        try (Pair pair = connect()) {
            proxy.inject("self", WireFault.PARTITION, 0);
            final byte[] request = bytes(5000);
            final byte[] answer = bytes(5000);
            pair.send(true, request);
            pair.send(false, answer);
            assertThat(pair.receive(true, 1, IMPATIENT_MS)).isEmpty();
            assertThat(pair.receive(false, 1, IMPATIENT_MS)).isEmpty();
            proxy.heal();
            assertThat(pair.receive(true, request.length, PATIENT_MS)).isEqualTo(request);
            assertThat(pair.receive(false, answer.length, PATIENT_MS)).isEqualTo(answer);
        }
    }

    @Test
    void partitionOfOneDirectionLetsTheOtherPass() throws IOException {
        try (Pair pair = connect()) {
            for (final boolean held : new boolean[] {true, false}) {
                proxy.inject("self", held ? WireFault.PARTITION_REQUESTS : WireFault.PARTITION_ANSWERS, 0);
                final byte[] passing = bytes(3000);
                final byte[] waiting = bytes(3000);
                pair.send(held, waiting);
                pair.send(!held, passing);
                assertThat(pair.receive(!held, passing.length, PATIENT_MS)).isEqualTo(passing);
                assertThat(pair.receive(held, 1, IMPATIENT_MS)).isEmpty();
                proxy.heal();
                assertThat(pair.receive(held, waiting.length, PATIENT_MS)).isEqualTo(waiting);
            }
        }
    }

    @Test
    void delayedBytesComeUnchangedAndNotSooner() throws IOException {
        try (Pair pair = connect()) {
            proxy.inject("self", WireFault.DELAY, 100 * MS);
            final byte[] sent = bytes(500);
            final long beganNs = System.nanoTime();
            pair.send(true, sent);
            assertThat(pair.receive(true, sent.length, PATIENT_MS)).isEqualTo(sent);
            assertThat(System.nanoTime() - beganNs).isGreaterThanOrEqualTo(100 * MS);
        }
    }

    @Test
    void droppedBytesNeverComeAndLaterOnesDo() throws IOException {
        try (Pair pair = connect()) {
            proxy.inject("self", WireFault.DROP, 0);
            pair.send(true, bytes(5000));
            Await.until("they are dropped", () -> proxy.faults() > 0);
            assertThat(pair.receive(true, 1, IMPATIENT_MS)).isEmpty();
            proxy.heal();
            final byte[] later = bytes(100);
            pair.send(true, later);
            assertThat(pair.receive(true, later.length, PATIENT_MS)).isEqualTo(later);
            assertThat(pair.receive(true, 1, IMPATIENT_MS)).isEmpty();
            assertThat(proxy.faults()).isPositive();
        }
    }

    @Test
    void flippingChangesSingleBitsAndNoLength() throws IOException {
        try (Pair pair = connect()) {
            proxy.inject("self", WireFault.FLIP, 0);
            int changedBits = 0;
            for (int piece = 0; piece < PIECES; piece++) {
                final byte[] sent = bytes(PIECE);
                pair.send(true, sent);
                final byte[] received = pair.receive(true, PIECE, PATIENT_MS);
                assertThat(received).hasSize(PIECE);
                for (int i = 0; i < PIECE; i++) {
                    changedBits += Integer.bitCount((sent[i] ^ received[i]) & 0xff);
                }
            }
            assertThat(changedBits).isPositive().isEqualTo((int) proxy.faults());
        }
    }

    @Test
    void duplicatingMakesTheStreamLongerByWhatWasSent() throws IOException {
        try (Pair pair = connect()) {
            proxy.inject("self", WireFault.DUPLICATE, 0);
            for (int piece = 0; piece < PIECES && proxy.faults() == 0; piece++) {
                final byte[] sent = bytes(PIECE);
                pair.send(true, sent);
                assertThat(pair.receive(true, PIECE, PATIENT_MS)).isEqualTo(sent);
                final byte[] more = pair.receive(true, PIECE, proxy.faults() > 0 ? IMPATIENT_MS : 1);
                if (more.length > 0) {
                    assertThat(new String(sent, StandardCharsets.ISO_8859_1))
                            .contains(new String(more, StandardCharsets.ISO_8859_1));
                }
            }
            assertThat(proxy.faults()).isPositive();
        }
    }

    @Test
    void halfOpenHangsUpOnOneSideOnlyUntilItIsHealed() throws IOException {
        try (Pair pair = connect()) {
            pair.send(true, bytes(1));
            pair.receive(true, 1, PATIENT_MS);
            proxy.inject("self", WireFault.HALF_OPEN, 0);
            assertThat(isHungUp(pair.server)).isTrue();
            pair.send(true, bytes(1000));
            assertThat(pair.receive(false, 1, IMPATIENT_MS)).isEmpty();
            pair.client.setSoTimeout(IMPATIENT_MS);
            assertThat(isSilent(pair.client)).isTrue();
            proxy.heal();
            assertThat(isHungUp(pair.client)).isTrue();
        }
    }

    private static boolean isHungUp(Socket socket) throws IOException {
        socket.setSoTimeout(PATIENT_MS);
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException silent) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    private static boolean isSilent(Socket socket) throws IOException {
        try {
            socket.getInputStream().read();
            return false;
        } catch (SocketTimeoutException silent) {
            return true;
        }
    }
}
