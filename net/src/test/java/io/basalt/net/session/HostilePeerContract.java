package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.NetOptions;
import io.basalt.net.Network.Acceptance;
import io.basalt.net.NodeAddress;
import io.basalt.testkit.SeededTest;
import io.basalt.wire.FrameHeader;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What a peer that breaks the rules gets from every network: the end of its connection, and nothing else.
abstract class HostilePeerContract {
    private static final int POOL = 2 << 20;
    private static final NetOptions OPTIONS = NetOptions.DEFAULT
            .withBuffers(256 << 10, POOL, 16 << 10, 16 << 10)
            .withCredits(8, 8)
            .withTimes(200_000_000L, 100_000_000L, 400_000_000L);
    private static final byte[] NOTHING = {};

    abstract NetworkWorld world(RandomGenerator random);

    /// A chunk server with its address, and a way for raw peers to it.
    private static final class Server {
        final NetworkWorld world;
        final StreamNetwork network;
        final EchoService service = new EchoService();
        final Pair.Listener listener = new Pair.Listener();
        final NodeAddress address;

        Server(NetworkWorld world, NetOptions options) {
            this.world = world;
            network = world.open("chunk", options);
            address = network.listen(world.address("chunk"), peer -> new Acceptance(service, listener));
        }

        HostilePeer enter(NetworkWorld.RawPeer raw) {
            final HostilePeer peer = new HostilePeer(world, raw);
            peer.enter(NetworkWorld.KEY);
            world.until("ready", () -> listener.ready > listener.closed);
            return peer;
        }

        void assertEmpty() {
            world.until("connections are gone", () -> network.connectionCount() == 0);
            world.turn();
            world.turn();
            assertThat(network.poolFreeBytes()).isEqualTo(POOL);
            assertThat(listener.ready).isEqualTo(listener.closed);
        }
    }

    private interface ServerTest {
        void run(Server server, RandomGenerator random);
    }

    private void withServer(ServerTest test) {
        SeededTest.run(1, random -> {
            try (NetworkWorld world = world(random)) {
                test.run(new Server(world, OPTIONS), random);
            }
        });
    }

    // ---- before the handshake is over ----

    @Test
    void garbageInsteadOfAHandshakeEndsTheConnection() {
        withServer((server, random) -> {
            for (int round = 0; round < 20; round++) {
                final byte[] garbage = new byte[160 + random.nextInt(500)];
                random.nextBytes(garbage);
                try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                    raw.send(garbage);
                    server.world.until("ended", () -> {
                        raw.receive(100);
                        return raw.isEnded();
                    });
                }
            }
            assertThat(server.listener.ready).isZero();
            server.assertEmpty();
            assertThat(server.network.counters().handshakesFailed).isEqualTo(20);
        });
    }

    @Test
    void everyChangedByteOfTheHandshakeEndsTheConnection() {
        withServer((server, random) -> {
            for (int round = 0; round < 60; round++) {
                final int at = random.nextInt(160 + 48);
                final int bits = 1 + random.nextInt(255);
                try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                    final HostilePeer peer = new HostilePeer(server.world, new Meddler(raw, at, bits));
                    try {
                        peer.enter(NetworkWorld.KEY);
                    } catch (AssertionError turnedAway) {
                        continue;
                    }
                    throw new AssertionError("got in with byte " + at + " changed by " + bits);
                }
            }
            assertThat(server.listener.ready).isZero();
            server.assertEmpty();
        });
    }

    @Test
    void replayedHandshakeIsWorthNothing() {
        withServer((server, random) -> {
            final Recorder recorder = new Recorder(server.world.raw(server.address));
            server.enter(recorder);
            recorder.close();
            server.world.until("gone", () -> server.listener.closed == 1);
            try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                raw.send(recorder.sent.toByteArray());
                server.world.until("ended", () -> {
                    raw.receive(1000);
                    return raw.isEnded();
                });
            }
            assertThat(server.listener.ready).isEqualTo(1);
            server.assertEmpty();
        });
    }

    @Test
    void slowHandshakeEndsInTimeAndStrangersAreBounded() {
        SeededTest.run(1, random -> {
            try (NetworkWorld world = world(random)) {
                final Server server = new Server(world, OPTIONS.withUnauthenticatedMax(3));
                final List<NetworkWorld.RawPeer> peers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    final NetworkWorld.RawPeer raw = world.raw(server.address);
                    peers.add(raw);
                    raw.send(new byte[i]);
                    world.turn();
                    world.turn();
                }
                world.until("the oldest had to go", () -> server.network.connectionCount() == 3);
                assertThat(server.network.counters().handshakesEvicted).isEqualTo(5);
                world.until("the others ran out of time", () -> server.network.connectionCount() == 0);
                assertThat(server.listener.ready).isZero();
                peers.forEach(NetworkWorld.RawPeer::close);
                server.enter(world.raw(server.address));
            }
        });
    }

    // ---- after it ----

    @Test
    void brokenRulesEndTheConnection() {
        withServer((server, random) -> {
            assertCutOff(server, "magic", changed(FrameHeader.KIND_HEARTBEAT, 0, 1));
            assertCutOff(server, "header checksum", changed(FrameHeader.KIND_HEARTBEAT, 4, 1));
            assertCutOff(server, "version", sealedAfter(FrameHeader.KIND_HEARTBEAT, 8, 2));
            assertCutOff(server, "kind", HostilePeer.frame(9, 0));
            assertCutOff(server, "flag", sealedAfter(FrameHeader.KIND_REQUEST, 11, 0x80));
            assertCutOff(server, "body is too long", sealedAfter(FrameHeader.KIND_REQUEST, 13, 1));
            assertCutOff(server, "payload is too long", sealedAfter(FrameHeader.KIND_REQUEST, 27, 0x80));
            assertCutOff(server, "payload of a request is too long", sealedAfter(FrameHeader.KIND_REQUEST, 26, 5));
            assertCutOff(server, "reserved", sealedAfter(FrameHeader.KIND_REQUEST, 44, 1));
            assertCutOff(server, "reserved", sealedAfter(FrameHeader.KIND_REQUEST, 43, 1));
            assertCutOff(server, "code without answer", sealedAfter(FrameHeader.KIND_REQUEST, 40, 1));
            assertCutOff(server, "heartbeat is not empty", HostilePeer.frame(FrameHeader.KIND_HEARTBEAT, 7));
            assertCutOff(server, "answer to no request", HostilePeer.frame(FrameHeader.KIND_ANSWER, 7));
            assertCutOff(server, "answer to no request", HostilePeer.frame(FrameHeader.KIND_ANSWER, 0));
            assertCutOff(server, "too long", HostilePeer.request(EchoService.SMALL, 1, NOTHING, new byte[4097], 0));
            assertCutOff(server, "body too long", HostilePeer.request(EchoService.SMALL, 1, new byte[9], NOTHING, 0));
            assertThat(server.service.requests).isZero();
            server.assertEmpty();
        });
    }

    @Test
    void moreRequestsThanCreditsEndTheConnection() {
        withServer((server, random) -> {
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (int i = 1; i <= 9; i++) {
                bytes.writeBytes(HostilePeer.request(EchoService.HOLD, i, new byte[4], new byte[100], 0));
            }
            assertCutOff(server, "more requests than credits", bytes.toByteArray());
            assertThat(server.service.held).hasSize(8);
            while (!server.service.held.isEmpty()) {
                server.service.answerHeld();
            }
            server.assertEmpty();
        });
    }

    @Test
    void damagedPayloadIsAnsweredOrEndsTheConnectionByItsFlag() {
        withServer((server, random) -> {
            final byte[] damaged = HostilePeer.request(EchoService.ECHO, 5, NOTHING, new byte[5000], 0);
            damaged[damaged.length - 1] = 1;
            try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                final HostilePeer peer = server.enter(raw);
                raw.send(damaged);
                final MemorySegment answer = MemorySegment.ofArray(peer.receive(FrameHeader.BYTES));
                assertThat(FrameHeader.status(answer, 0)).isEqualTo(FrameHeader.STATUS_PAYLOAD_CHANGED);
                assertThat(FrameHeader.requestId(answer, 0)).isEqualTo(5);
            }
            final byte[] stable =
                    HostilePeer.request(EchoService.ECHO, 5, NOTHING, new byte[5000], FrameHeader.FLAG_PAYLOAD_STABLE);
            stable[stable.length - 1] = 1;
            server.world.until("gone", () -> server.network.connectionCount() == 0);
            assertCutOff(server, "payload checksum", stable);
            assertThat(server.service.requests).isZero();
            server.assertEmpty();
        });
    }

    @Test
    void everyTruncationOfAFrameIsWaitedForAndThenGivenUp() {
        withServer((server, random) -> {
            final byte[] frame = HostilePeer.request(EchoService.ECHO, 5, new byte[20], new byte[300], 0);
            for (int length = 1; length < frame.length; length += 1 + random.nextInt(40)) {
                try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                    server.enter(raw);
                    raw.send(Arrays.copyOf(frame, length));
                    server.world.turn();
                }
                server.world.until("gone", () -> server.network.connectionCount() == 0);
            }
            assertThat(server.service.requests).isZero();
            server.assertEmpty();
        });
    }

    @Test
    void peerThatGoesSilentIsGivenUp() {
        withServer((server, random) -> {
            try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                server.enter(raw);
                raw.send(HostilePeer.request(EchoService.HOLD, 5, new byte[4], new byte[300], 0));
                server.world.until("given up", () -> server.listener.closed == 1);
                assertThat(server.listener.reason).contains("no sign of life");
                server.service.answerHeld();
                server.assertEmpty();
            }
        });
    }

    @Test
    void peerThatNeverReadsIsGivenUp() {
        withServer((server, random) -> {
            try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                server.enter(raw);
                long id = 1;
                while (server.listener.closed == 0) {
                    // As many as it has credits, again and again: their answers fill every buffer on the way.
                    if (id - server.service.answered <= 8) {
                        final byte[] body = {0, 0, 4, 0};
                        raw.send(HostilePeer.request(EchoService.FILL, id++, body, NOTHING, 0));
                    } else {
                        raw.send(HostilePeer.frame(FrameHeader.KIND_HEARTBEAT, 0));
                        server.world.pass(50_000_000);
                    }
                    server.world.turn();
                }
                assertThat(server.listener.reason).contains("takes nothing any more");
                server.assertEmpty();
            }
        });
    }

    @Test
    void mutatedStreamsNeitherCrashNorLeak() {
        withServer((server, random) -> {
            for (int round = 0; round < 150; round++) {
                final byte[] stream = mutated(stream(random), random);
                try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
                    final int before = server.listener.ready;
                    server.enter(raw);
                    assertThat(server.listener.ready).isEqualTo(before + 1);
                    raw.send(stream);
                    for (int i = 0; i < 4; i++) {
                        server.world.turn();
                        raw.receive(4096);
                    }
                }
                server.world.until("gone", () -> server.network.connectionCount() == 0);
                while (!server.service.held.isEmpty()) {
                    server.service.answerHeld();
                }
                server.world.turn();
            }
            server.assertEmpty();
            final HostilePeer honest = server.enter(server.world.raw(server.address));
            assertThat(honest).isNotNull();
        });
    }

    private static byte[] stream(RandomGenerator random) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final int frames = 1 + random.nextInt(7);
        for (int i = 1; i <= frames; i++) {
            final byte[] body = new byte[random.nextInt(20)];
            final byte[] payload = new byte[random.nextInt(4) == 0 ? random.nextInt(60_000) : random.nextInt(200)];
            random.nextBytes(payload);
            final int type = 1 + random.nextInt(5);
            bytes.writeBytes(HostilePeer.request(
                    type, i, type == EchoService.FILL ? new byte[] {9, 1, 0, 0} : body, payload, 0));
        }
        return bytes.toByteArray();
    }

    private static byte[] mutated(byte[] stream, RandomGenerator random) {
        byte[] bytes = stream.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
            final int at = random.nextInt(Math.min(bytes.length, random.nextBoolean() ? 48 : bytes.length));
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
                default -> System.arraycopy(bytes, 0, bytes, at / 2, bytes.length - at);
            }
        }
        // Half of the time the header checksum is right, or the rules behind it would never be reached.
        return bytes.length >= FrameHeader.BYTES && random.nextBoolean() ? HostilePeer.seal(bytes) : bytes;
    }

    private static void assertCutOff(Server server, String reason, byte[] bytes) {
        final int closed = server.listener.closed;
        try (NetworkWorld.RawPeer raw = server.world.raw(server.address)) {
            server.enter(raw);
            raw.send(bytes);
            server.world.until("cut off: " + reason, () -> server.listener.closed == closed + 1);
            assertThat(server.listener.reason).contains("broke the protocol").contains(reason);
        }
    }

    private static byte[] changed(int kind, int at, int bits) {
        final byte[] frame = HostilePeer.frame(kind, 0);
        frame[at] ^= (byte) bits;
        return frame;
    }

    private static byte[] sealedAfter(int kind, int at, int value) {
        final byte[] frame = HostilePeer.frame(kind, 0);
        frame[at] = (byte) value;
        return HostilePeer.seal(frame);
    }

    /// Changes one byte of all that is sent.
    private static final class Meddler implements NetworkWorld.RawPeer {
        private final NetworkWorld.RawPeer raw;
        private final int at;
        private final int bits;
        private int sent;

        Meddler(NetworkWorld.RawPeer raw, int at, int bits) {
            this.raw = raw;
            this.at = at;
            this.bits = bits;
        }

        @Override
        public void send(byte[] bytes) {
            if (at >= sent && at < sent + bytes.length) {
                bytes[at - sent] ^= (byte) bits;
            }
            sent += bytes.length;
            raw.send(bytes);
        }

        @Override
        public byte[] receive(int most) {
            return raw.receive(most);
        }

        @Override
        public boolean isEnded() {
            return raw.isEnded();
        }

        @Override
        public void close() {
            raw.close();
        }
    }

    /// Remembers all that is sent.
    private static final class Recorder implements NetworkWorld.RawPeer {
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        private final NetworkWorld.RawPeer raw;

        Recorder(NetworkWorld.RawPeer raw) {
            this.raw = raw;
        }

        @Override
        public void send(byte[] bytes) {
            sent.writeBytes(bytes);
            raw.send(bytes);
        }

        @Override
        public byte[] receive(int most) {
            return raw.receive(most);
        }

        @Override
        public boolean isEnded() {
            return raw.isEnded();
        }

        @Override
        public void close() {
            raw.close();
        }
    }
}
