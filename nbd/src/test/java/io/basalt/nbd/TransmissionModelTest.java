package io.basalt.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Two clients of one volume, whose bytes come in pieces of any length and whose requests end in any
/// order: each is told what a disk would tell, and what a flush on one covers was written on both.
class TransmissionModelTest {
    private static final int ZONES = 16;
    private static final int ZONE_BYTES = 320 << 10;
    private static final int BLOCK = 512;

    /// One request under way; it has its zone for itself.
    @SuppressWarnings("ArrayRecordComponent") // a carrier of test data, never compared
    private record Operation(
            Client client,
            int type,
            int zone,
            int offset,
            int length,
            boolean forced,
            byte[] expected,
            long[] covered) {}

    private static final class World {
        final RandomGenerator random;
        final HandVolume volume = new HandVolume(ZONES * ZONE_BYTES, BLOCK);
        final Client[] clients;
        final byte[] model = new byte[ZONES * ZONE_BYTES];
        final Map<Long, Operation> underWay = new HashMap<>();
        final Map<Long, byte[]> reading = new HashMap<>();
        final @Nullable Long[] busy = new @Nullable Long[ZONES];

        /// How often each zone was changed, by requests that have been answered, and by all.
        final long[] answered = new long[ZONES];

        final long[] begun = new long[ZONES];
        long cookies;

        World(RandomGenerator random) {
            this.random = random;
            final List<ReplyStyle> styles = List.of(ReplyStyle.values());
            clients = new Client[] {
                new Client(volume, styles.get(random.nextInt(styles.size()))),
                new Client(volume, styles.get(random.nextInt(styles.size())))
            };
        }

        void begin() {
            final Client client = clients[random.nextInt(clients.length)];
            final int zone = random.nextInt(ZONES);
            final long cookie = cookies++;
            final int kind = random.nextInt(10);
            if (kind == 0) {
                underWay.put(
                        cookie,
                        new Operation(client, NbdSpec.CMD_FLUSH, -1, 0, 0, false, new byte[0], answered.clone()));
                client.request(NbdSpec.CMD_FLUSH, 0, cookie, 0, 0);
                return;
            }
            if (busy[zone] != null) {
                return;
            }
            busy[zone] = cookie;
            final int blocks = ZONE_BYTES / BLOCK;
            final int first = random.nextInt(blocks);
            final int count =
                    1 + random.nextInt(random.nextInt(4) == 0 ? blocks - first : Math.min(16, blocks - first));
            final int offset = zone * ZONE_BYTES + first * BLOCK;
            final int length = count * BLOCK;
            if (kind < 5) {
                read(client, cookie, zone, offset, length);
            } else {
                change(client, cookie, zone, offset, length, kind);
            }
        }

        private void read(Client client, long cookie, int zone, int offset, int length) {
            final byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
            underWay.put(
                    cookie,
                    new Operation(client, NbdSpec.CMD_READ, zone, offset, length, false, expected, new long[0]));
            reading.put(cookie, new byte[length]);
            client.request(NbdSpec.CMD_READ, 0, cookie, offset, length);
        }

        private void change(Client client, long cookie, int zone, int offset, int length, int kind) {
            final byte[] content = new byte[length];
            if (kind < 9) {
                random.nextBytes(content);
            }
            System.arraycopy(content, 0, model, offset, length);
            begun[zone]++;
            final boolean forced = random.nextInt(4) == 0;
            final int type =
                    kind < 9 ? NbdSpec.CMD_WRITE : random.nextBoolean() ? NbdSpec.CMD_WRITE_ZEROES : NbdSpec.CMD_TRIM;
            underWay.put(cookie, new Operation(client, type, zone, offset, length, forced, content, new long[0]));
            client.request(
                    type, forced ? NbdSpec.CMD_FLAG_FUA : 0, cookie, offset, length, kind < 9 ? content : new byte[0]);
        }

        void step() {
            final Client client = clients[random.nextInt(clients.length)];
            switch (random.nextInt(5)) {
                case 0 -> begin();
                case 1 -> {
                    if (client.canDeliver()) {
                        client.deliver(1 + random.nextInt(random.nextBoolean() ? 100 : 300_000));
                    }
                }
                case 2 -> {
                    if (!volume.waiting.isEmpty()) {
                        volume.complete(random.nextInt(volume.waiting.size()));
                    }
                }
                case 3 -> client.transmission.flush();
                default -> {
                    if (client.stream.isSending()) {
                        client.stream.letGo(1 + random.nextInt(random.nextBoolean() ? 50 : 300_000));
                    }
                }
            }
            hear(client);
        }

        void hear(Client client) {
            for (final Client.Reply reply : client.replies()) {
                final Operation operation = Objects.requireNonNull(underWay.get(reply.cookie()));
                assertThat(operation.client()).isSameAs(client);
                assertThat(reply.error()).isZero();
                if (operation.type() == NbdSpec.CMD_READ) {
                    final int at = client.style.chunked() ? (int) (reply.offset() - operation.offset()) : 0;
                    System.arraycopy(
                            reply.content(),
                            0,
                            Objects.requireNonNull(reading.get(reply.cookie())),
                            at,
                            reply.content().length);
                }
                if (reply.done()) {
                    underWay.remove(reply.cookie());
                    ended(operation, reply.cookie());
                }
            }
        }

        private void ended(Operation operation, long cookie) {
            if (operation.type() == NbdSpec.CMD_FLUSH) {
                for (int zone = 0; zone < ZONES; zone++) {
                    // What was answered before the flush was asked for, and not touched since.
                    if (operation.covered()[zone] == begun[zone]) {
                        assertDurable(zone * ZONE_BYTES, ZONE_BYTES);
                    }
                }
                return;
            }
            busy[operation.zone()] = null;
            if (operation.type() == NbdSpec.CMD_READ) {
                assertThat(reading.remove(cookie)).isEqualTo(operation.expected());
            } else {
                answered[operation.zone()]++;
                if (operation.forced()) {
                    assertDurable(operation.offset(), operation.length());
                }
            }
        }

        private void assertDurable(int offset, int length) {
            assertThat(Arrays.mismatch(volume.durable, offset, offset + length, model, offset, offset + length))
                    .isEqualTo(-1);
        }

        void finish() {
            while (!underWay.isEmpty()) {
                for (final Client client : clients) {
                    client.settle();
                    hear(client);
                }
                volume.completeAll();
            }
            for (final Client client : clients) {
                assertThat(client.transmission.freeContentBytes()).isEqualTo(TransmissionMemory.CONTENT_BYTES);
                client.request(NbdSpec.CMD_DISC, 0, 0, 0, 0);
                client.settle();
                assertThat(client.stream.isClosed()).isTrue();
                client.stream.finishClose();
                client.settle();
                assertThat(List.of(client.transmission.state())).containsExactly(TransmissionState.CLOSED);
            }
            assertThat(volume.content).isEqualTo(model);
        }
    }

    @Test
    void twoClientsSeeOneDisk() {
        SeededTest.run(20, random -> {
            final World world = new World(random);
            for (int i = 0; i < 1000; i++) {
                world.step();
            }
            world.finish();
        });
    }
}
