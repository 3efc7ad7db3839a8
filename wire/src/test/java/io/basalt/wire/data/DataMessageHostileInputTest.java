package io.basalt.wire.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Whatever bytes a peer sends, a body that passes the rules names a range that lies within a shard; the others are
/// refused with a reason, never with an exception.
class DataMessageHostileInputTest {
    private static final int[] TYPES = {
        DataMessage.READ,
        DataMessage.WRITE,
        DataMessage.DISCARD,
        DataMessage.WRITE_ZEROES,
        DataMessage.FLUSH,
        DataMessage.REPLICATE_WRITE,
        DataMessage.REPLICATE_DISCARD,
        DataMessage.REPLICATE_ZEROES,
        DataMessage.PREPARE,
        DataMessage.LEASE,
        DataMessage.COPY_READ,
        DataMessage.COPY_VERSIONS,
        DataMessage.COPY_SHARDS,
        DataMessage.SETTLED,
        DataMessage.REPAIR,
        0,
        6,
        20,
        37,
        255
    };

    private final MemorySegment body = MemorySegment.ofArray(new byte[192]);

    @Test
    void whatPassesNamesARangeWithinAShard() {
        SeededTest.run(20_000, random -> {
            final int type = TYPES[random.nextInt(TYPES.length)];
            fill(random);
            final int payload = random.nextBoolean() ? ShardRange.length(body) : random.nextInt();
            final int whole = random.nextBoolean() ? ClientRequest.BYTES : ReplicaRequest.BYTES;
            final int length = random.nextInt(4) == 0 ? random.nextInt(193) : whole;
            if (ClientRequest.violation(type, body, length, payload) == null) {
                assertThat(length).isEqualTo(ClientRequest.BYTES);
                assertThat(DataMessage.isClientRequest(type)).isTrue();
                assertInside(type != DataMessage.FLUSH, 512);
            }
            if (ReplicaRequest.violation(type, body, length, payload) == null) {
                assertThat(length).isEqualTo(ReplicaRequest.BYTES);
                assertThat(DataMessage.isReplicaRequest(type)).isTrue();
                final boolean ranged = type <= DataMessage.REPLICATE_ZEROES
                        || type == DataMessage.COPY_READ
                        || type == DataMessage.COPY_VERSIONS;
                assertInside(ranged, 4096);
            }
        });
    }

    @Test
    void eachRuleIsNamedWhenItIsBroken() {
        valid();
        assertThat(clientViolation(DataMessage.WRITE, 4096)).isNull();
        assertThat(clientViolation(DataMessage.WRITE, 512)).contains("payload");
        assertThat(clientViolation(DataMessage.READ, 4096)).contains("payload");
        assertThat(clientViolation(DataMessage.LEASE, 0)).contains("type");
        assertThat(ClientRequest.violation(DataMessage.READ, body, ClientRequest.BYTES - 1, 0))
                .contains("length");
        ShardRange.range(body, 1, 4096, 0);
        assertThat(clientViolation(DataMessage.WRITE, 4096)).contains("whole units");
        ShardRange.range(body, Integer.MAX_VALUE & -512, 4096, 0);
        assertThat(clientViolation(DataMessage.WRITE, 4096)).contains("leaves the shard");
        ShardRange.range(body, 0, DataMessage.DATA_BYTES_MAX + 512, 0);
        assertThat(clientViolation(DataMessage.READ, 0)).contains("more than one request");
        ShardRange.range(body, 0, 4096, 2);
        assertThat(clientViolation(DataMessage.WRITE, 4096)).contains("flags");
        valid();
        ClientRequest.identity(body, 7, 4, 5);
        assertThat(clientViolation(DataMessage.WRITE, 4096)).contains("identity");
        assertThat(clientViolation(DataMessage.READ, 0)).isNull();
        valid();
        ShardRange.target(body, 1, 0, 1, 0, 0, 1);
        assertThat(clientViolation(DataMessage.READ, 0)).contains("generation");
        ShardRange.target(body, 1, 1, 1, 0, -1, 1);
        assertThat(clientViolation(DataMessage.READ, 0)).contains("pg");
        ShardRange.target(body, 1, 1, 1, 0, 0, 0);
        assertThat(clientViolation(DataMessage.READ, 0)).contains("epoch");
    }

    @Test
    void checkingAllocatesNothing() {
        valid();
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> clientViolation(DataMessage.WRITE, 4096)))
                .isZero();
    }

    private @org.jspecify.annotations.Nullable String clientViolation(int type, int payload) {
        return ClientRequest.violation(type, body, ClientRequest.BYTES, payload);
    }

    private void valid() {
        ShardRange.target(body, 1, 1, 1, 0, 0, 1);
        ShardRange.range(body, 4096, 4096, 0);
        ClientRequest.identity(body, 7, 5, 5);
    }

    private void assertInside(boolean ranged, int unit) {
        if (ranged) {
            assertThat(ShardRange.offset(body)).isNotNegative();
            assertThat(ShardRange.length(body)).isPositive();
            assertThat((long) ShardRange.offset(body) + ShardRange.length(body))
                    .isLessThanOrEqualTo(DataMessage.SHARD_BYTES_MAX);
            assertThat(ShardRange.offset(body) % unit).isZero();
            assertThat(ShardRange.length(body) % unit).isZero();
        }
        assertThat(ShardRange.pg(body)).isNotNegative();
        assertThat(ShardRange.epoch(body)).isPositive();
    }

    /// A valid body with a few fields replaced by edge cases, so that deep rules are reached.
    private void fill(RandomGenerator random) {
        valid();
        ReplicaRequestOrIdentity.set(body, random);
        for (int change = random.nextInt(4); change > 0; change--) {
            final long at = random.nextInt(ClientRequest.BYTES / 4) * 4L;
            final int value = switch (random.nextInt(5)) {
                case 0 -> random.nextInt();
                case 1 -> -1;
                case 2 -> Integer.MAX_VALUE & -4096;
                case 3 -> random.nextInt(20) * 512;
                default -> Integer.MIN_VALUE;
            };
            body.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
        }
    }

    /// The last 24 bytes mean either of two things.
    private static final class ReplicaRequestOrIdentity {
        static void set(MemorySegment body, RandomGenerator random) {
            if (random.nextBoolean()) {
                ClientRequest.identity(body, random.nextLong(), random.nextInt(1, 9), random.nextInt(1, 9));
            } else {
                ReplicaRequest.order(body, random.nextLong(), random.nextLong());
            }
        }
    }
}
