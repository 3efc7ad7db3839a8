package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Bytes of clients that break the protocol, by chance and on purpose: what comes is an answer or the
/// end of the connection, never an exception, and no more memory than a connection has.
class HostileClientTest {
    private static final int[] NUMBERS = {
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        28,
        512,
        4095,
        4096,
        4097,
        65535,
        65536,
        1 << 25,
        (1 << 25) + 1,
        0x7fffffff,
        0x80000000,
        -1
    };

    private static final class Directory implements Handshake.Directory {
        private final Export export = new Export("disk", "text", new HandVolume(1 << 20, 512), false);

        @Override
        public List<Export> exports() {
            return List.of(export);
        }

        @Override
        public @Nullable Export find(String name) {
            return name.equals("disk") ? export : null;
        }
    }

    private static int number(RandomGenerator random) {
        return random.nextInt(3) == 0 ? random.nextInt() : NUMBERS[random.nextInt(NUMBERS.length)];
    }

    /// Options that are nearly right.
    private static byte[] options(RandomGenerator random) {
        final Wire wire = new Wire().u32(random.nextInt(8) == 0 ? number(random) : 3);
        final int count = 1 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
            final Wire data = new Wire();
            if (random.nextInt(3) > 0) {
                data.u32(random.nextInt(3) == 0 ? number(random) : 4).text("disk");
                final int parts = random.nextInt(4);
                for (int part = 0; part < parts; part++) {
                    switch (random.nextInt(4)) {
                        case 0 -> data.u16(number(random));
                        case 1 -> data.u32(number(random));
                        case 2 -> data.u32(1).string("base:allocation");
                        default -> data.u16(1).u16(3);
                    }
                }
            }
            final byte[] bytes = data.toBytes();
            wire.u64(random.nextInt(20) == 0 ? random.nextLong() : NbdSpec.IHAVEOPT)
                    .u32(random.nextInt(10) == 0 ? number(random) : 1 + random.nextInt(11))
                    .u32(random.nextInt(10) == 0 ? number(random) : bytes.length)
                    .bytes(bytes);
        }
        return wire.toBytes();
    }

    private static byte[] shake(byte[] bytes, RandomGenerator random, int pieceMax) {
        final Handshake handshake = new Handshake(new Directory());
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(handshake.output());
        int at = 0;
        while (at < bytes.length
                && handshake.state() != HandshakeState.ENDED
                && handshake.state() != HandshakeState.AGREED) {
            final int length = Math.min(bytes.length - at, 1 + random.nextInt(pieceMax));
            final ByteBuffer piece = ByteBuffer.wrap(bytes, at, length);
            handshake.accept(piece);
            at = piece.position();
            final byte[] answer = handshake.output();
            assertThat(answer.length).isLessThan(2000);
            out.writeBytes(answer);
        }
        assertThat(handshake.reason().isEmpty()).isEqualTo(handshake.state() != HandshakeState.ENDED);
        return out.toByteArray();
    }

    @Test
    void aHandshakeIsTheSameHoweverItsBytesAreCut() {
        SeededTest.run(3000, random -> {
            final byte[] bytes = options(random);
            final byte[] whole = shake(bytes, random, bytes.length);
            assertThat(shake(bytes, random, 1)).isEqualTo(whole);
            assertThat(shake(bytes, random, 7)).isEqualTo(whole);
        });
    }

    @Test
    void aHandshakeSurvivesAnyBytes() {
        SeededTest.run(2000, random -> {
            final byte[] bytes = new byte[random.nextInt(400)];
            random.nextBytes(bytes);
            shake(bytes, random, 64);
        });
    }

    private static byte[] requests(ReplyStyle style, RandomGenerator random) {
        final Wire wire = new Wire();
        final int count = 1 + random.nextInt(20);
        for (int i = 0; i < count; i++) {
            final int type = random.nextInt(12) == 0 ? number(random) : random.nextInt(8);
            final int flags = random.nextInt(3) > 0 ? 0 : number(random);
            final long offset = random.nextInt(6) == 0 ? random.nextLong() : (long) random.nextInt(2100) << 9;
            final long length = random.nextInt(6) == 0
                    ? random.nextInt(3) == 0 ? random.nextLong() : number(random)
                    : (long) random.nextInt(64) << 9;
            wire.request(style, type, flags, i, offset, length);
            if (type == NbdSpec.CMD_WRITE && random.nextInt(20) > 0) {
                wire.bytes(new byte[Math.clamp(length, 0, 1 << 16)]);
            }
            if (random.nextInt(40) == 0) {
                wire.u16(random.nextInt());
            }
        }
        return wire.toBytes();
    }

    @Test
    void aTransmissionAnswersOrEnds() {
        SeededTest.run(1500, random -> {
            final ReplyStyle style = List.of(ReplyStyle.values()).get(random.nextInt(3));
            final HandVolume volume = new HandVolume(1 << 20, 512);
            volume.failing(_ -> random.nextInt(10) == 0 ? 1 + random.nextInt(5) : 0);
            final Client client = new Client(volume, style, random.nextInt(4) == 0);
            client.say(requests(style, random));
            for (int i = 0; i < 200; i++) {
                if (client.canDeliver() && !client.stream.isClosed()) {
                    client.deliver(1 + random.nextInt(5000));
                }
                if (!volume.waiting.isEmpty()) {
                    volume.complete(random.nextInt(volume.waiting.size()));
                }
                client.answerQueries();
                client.transmission.flush();
                if (client.stream.isSending() && !client.stream.isClosed()) {
                    client.stream.letGo(1 + random.nextInt(5000));
                }
            }
            end(client, volume, random);
        });
    }

    /// However it stands, a connection ends when it is told to.
    private static void end(Client client, HandVolume volume, RandomGenerator random) {
        if (random.nextBoolean()) {
            client.transmission.drain();
        } else {
            client.transmission.ended("the client is gone");
        }
        for (int i = 0; i < 50 && client.closedBecause() == null; i++) {
            volume.completeAll();
            client.answerQueries();
            client.transmission.flush();
            if (client.stream.isClosed()) {
                client.stream.finishClose();
            } else if (client.stream.isSending()) {
                client.stream.letGo(Integer.MAX_VALUE);
            }
        }
        assertThat(client.transmission.state()).isEqualTo(TransmissionState.CLOSED);
        assertThat(volume.waiting).isEmpty();
    }
}
