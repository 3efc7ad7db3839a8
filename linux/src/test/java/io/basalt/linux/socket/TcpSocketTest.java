package io.basalt.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.uring.IoUring;
import io.basalt.linux.uring.UringSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpSocketTest {
    private static final long BOUND_NS = 60_000_000_000L;

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void connectsAcceptsAndCarriesMessagesThroughARing(String host) {
        try (Arena arena = Arena.ofConfined();
                IoUring ring = IoUring.create(16);
                FileDescriptor listener = TcpSocket.listen(InternetAddress.of(host, 0), host, 8)) {
            final int port = TcpSocket.localPort(listener.number());
            assertThat(port).isPositive();
            final InternetAddress address = InternetAddress.of(host, port);
            try (FileDescriptor client = TcpSocket.open(address.family());
                    FileDescriptor server = connected(ring, listener, client, address)) {
                assertThat(TcpSocket.peerName(client.number())).isEqualTo(address.toString());
                assertThat(TcpSocket.peerName(server.number())).endsWith(":" + TcpSocket.localPort(client.number()));
                final MemorySegment memory = arena.allocate(64, 8);
                for (int i = 0; i < 4; i++) {
                    memory.setAtIndex(JAVA_LONG, i, i + 1L);
                }
                gathers(ring, client.number(), server.number(), memory);
                tellsWhetherThereIsMore(ring, client.number(), server.number(), memory);
                assertThat(TcpSocket.shutdown(client.number())).isZero();
                ring.prepareRecv(server.number(), memory.address(), 8, true, 0, 9);
                assertThat(result(ring, 9)).as("end of the stream").isZero();
            } finally {
                Reference.reachabilityFence(address);
            }
        }
    }

    @Test
    void takenPortIsNamed() {
        try (FileDescriptor listener = TcpSocket.listen(InternetAddress.of("127.0.0.1", 0), "here", 8)) {
            final InternetAddress taken = InternetAddress.of("127.0.0.1", TcpSocket.localPort(listener.number()));
            assertThatThrownBy(() -> TcpSocket.listen(taken, "the address", 8))
                    .isInstanceOf(LinuxException.class)
                    .hasMessageContaining("the address")
                    .hasMessageContaining("EADDRINUSE");
        }
    }

    @Test
    void connectionToNobodyIsRefused() {
        final InternetAddress nobody = InternetAddress.of("127.0.0.1", freePort());
        try (IoUring ring = IoUring.create(16);
                FileDescriptor client = TcpSocket.open(SocketSpec.AF_INET)) {
            ring.prepareConnect(client.number(), nobody.address(), nobody.length(), 1);
            assertThat(result(ring, 1)).isEqualTo(-Errno.ECONNREFUSED);
        } finally {
            Reference.reachabilityFence(nobody);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "", "300.0.0.1", "fe80::1%1", "[::1]", "1.2.3.4:5"})
    void onlyNumbersAreAddresses(String host) {
        assertThatThrownBy(() -> InternetAddress.of(host, 80))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("'" + host + "'");
    }

    /// A port that nobody listens on any more.
    private static int freePort() {
        try (FileDescriptor listener = TcpSocket.listen(InternetAddress.of("127.0.0.1", 0), "here", 8)) {
            return TcpSocket.localPort(listener.number());
        }
    }

    private static FileDescriptor connected(
            IoUring ring, FileDescriptor listener, FileDescriptor client, InternetAddress address) {
        ring.prepareAccept(listener.number(), TcpSocket.ACCEPT_FLAGS, 1);
        ring.prepareConnect(client.number(), address.address(), address.length(), 2);
        int accepted = -1;
        for (int completions = 0; completions < 2; completions++) {
            final long from = next(ring);
            final int result = ring.completionResult(0);
            ring.advance(1);
            assertThat(result).isNotNegative();
            accepted = from == 1 ? result : accepted;
        }
        return FileDescriptor.adopt(accepted);
    }

    private static void gathers(IoUring ring, int from, int to, MemorySegment memory) {
        final MessageHeader out = new MessageHeader(3);
        out.add(memory.address() + 16, 8);
        out.add(memory.address(), 8);
        out.add(memory.address() + 24, 8);
        final MessageHeader in = new MessageHeader(2);
        in.add(memory.address() + 56, 8);
        in.add(memory.address() + 32, 24);
        try {
            ring.prepareSendmsg(from, out.address(), SocketSpec.MSG_NOSIGNAL, 0, 3);
            assertThat(result(ring, 3)).isEqualTo(24);
            ring.prepareRecvmsg(to, in.address(), true, 0, 4);
            assertThat(result(ring, 4)).isEqualTo(24);
        } finally {
            Reference.reachabilityFence(out);
            Reference.reachabilityFence(in);
        }
        assertThat(memory.getAtIndex(JAVA_LONG, 7)).isEqualTo(3);
        assertThat(memory.getAtIndex(JAVA_LONG, 4)).isEqualTo(1);
        assertThat(memory.getAtIndex(JAVA_LONG, 5)).isEqualTo(4);
    }

    private static void tellsWhetherThereIsMore(IoUring ring, int from, int to, MemorySegment memory) {
        ring.prepareSend(from, memory.address(), 16, SocketSpec.MSG_NOSIGNAL, 0, 5);
        assertThat(result(ring, 5)).isEqualTo(16);
        ring.prepareRecv(to, memory.address() + 32, 8, false, 0, 6);
        assertThat(next(ring)).isEqualTo(6);
        assertThat(ring.completionFlags(0) & UringSpec.IORING_CQE_F_SOCK_NONEMPTY)
                .isNotZero();
        ring.advance(1);
        ring.prepareRecv(to, memory.address() + 40, 8, false, 0, 7);
        assertThat(result(ring, 7)).isEqualTo(8);
        assertThat(memory.getAtIndex(JAVA_LONG, 4)).isEqualTo(1);
        assertThat(memory.getAtIndex(JAVA_LONG, 5)).isEqualTo(2);
    }

    /// Waits for a completion, which stays in its place.
    private static long next(IoUring ring) {
        if (ring.completionCount() == 0 || ring.needsEnter()) {
            assertThat(ring.enter(1, BOUND_NS)).isNotNegative();
        }
        assertThat(ring.completionCount()).isPositive();
        return ring.completionUserData(0);
    }

    private static int result(IoUring ring, long userData) {
        assertThat(next(ring)).isEqualTo(userData);
        final int result = ring.completionResult(0);
        ring.advance(1);
        return result;
    }
}
