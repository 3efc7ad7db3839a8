package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Conversations of plausible messages with wrong bytes, wrong descriptors, odd fragments, late
/// acknowledgements and hang-ups at any moment.
class MessageMutationTest {
    private static final int SESSION_COUNT = 1400;
    private static final int MESSAGE_COUNT = 150;
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        4,
        8,
        16,
        127,
        128,
        255,
        256,
        257,
        1024,
        4096,
        4224,
        65535,
        65536,
        1L << 20,
        1L << 31,
        1L << 32,
        FakeSystem.MEMORY_SIZE,
        FakeSystem.MEMORY_SIZE - 1,
        SessionRig.USER_ADDRESS,
        SessionRig.ringAddress(0),
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -4096
    };
    /// Rows of requests, the likely ones more than once.
    private static final int[] REQUESTS = {
        SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_KICK, SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR, SET_VRING_ENABLE,
        SET_VRING_BASE, GET_VRING_BASE, SET_MEM_TABLE, ADD_MEM_REG, REM_MEM_REG, SET_LOG_BASE, SET_FEATURES,
        GET_INFLIGHT_FD, SET_INFLIGHT_FD, SET_BACKEND_REQ_FD, GET_CONFIG, SET_CONFIG, SET_STATUS, RESET_DEVICE,
        SET_PROTOCOL_FEATURES, GET_FEATURES, SET_LOG_FD, SET_OWNER
    };

    private static final List<FakeSystem.Kind> KINDS = List.of(FakeSystem.Kind.values());

    private long changeCount;
    private long messageCount;

    private static long number(RandomGenerator random) {
        return NUMBERS[random.nextInt(NUMBERS.length)];
    }

    private static boolean chance(RandomGenerator random, int percent) {
        return random.nextInt(100) < percent;
    }

    /// A message as a front end would send it, but for its numbers.
    private static void fill(SessionRig rig, RandomGenerator random, int request) {
        final int queue = random.nextInt(chance(random, 3) ? 256 : 4);
        final VhostUserMessage message = rig.begin(request, VERSION, payloadSizeMin(request));
        switch (request) {
            case SET_VRING_NUM -> message.state(queue, chance(random, 80) ? 128 : (int) number(random));
            case SET_VRING_BASE, GET_VRING_BASE, SET_VRING_ENABLE -> message.state(queue, random.nextInt(2));
            case SET_VRING_ADDR -> {
                final long at = chance(random, 90) ? SessionRig.ringAddress(queue & 3) : number(random);
                message.addresses(queue, random.nextInt(2), at, at + 0x4000, at + 0x8000, number(random));
            }
            case SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR ->
                message.u64(queue | (chance(random, 20) ? VRING_NOFD_MASK : 0));
            case SET_MEM_TABLE -> {
                final int count = 1 + random.nextInt(2);
                rig.begin(request, VERSION, MEMORY_HEADER_SIZE + count * MEMORY_REGION_SIZE)
                        .regionCount(count)
                        .region(0, SessionRig.region())
                        .region(count - 1, count == 1 ? SessionRig.region() : high(random));
            }
            case ADD_MEM_REG, REM_MEM_REG -> message.region(0, high(random));
            case SET_LOG_BASE -> message.map(chance(random, 80) ? 8192 : number(random), 0);
            case GET_INFLIGHT_FD, SET_INFLIGHT_FD ->
                message.map(chance(random, 80) ? 1 << 20 : number(random), 0).inflightQueues(4, 128);
            case GET_CONFIG, SET_CONFIG -> {
                final int size = 1 + random.nextInt(CONFIG_SIZE_MAX);
                rig.begin(request, VERSION, CONFIG_HEADER_SIZE + size).config(0, size, 0);
            }
            case SET_FEATURES ->
                message.u64(SessionRig.BASIC
                        | (random.nextBoolean() ? VHOST_F_LOG_ALL : 0)
                        | (chance(random, 5) ? number(random) : 0));
            case SET_PROTOCOL_FEATURES -> message.u64(SessionRig.ALL_PROTOCOL);
            case SET_STATUS -> message.u64(random.nextInt(16));
            default -> {}
        }
    }

    private static RegionDescription high(RandomGenerator random) {
        final long at = (1L + random.nextInt(3)) << 32;
        return new RegionDescription(at, chance(random, 90) ? 1 << 20 : number(random), at, 0);
    }

    private static void mutate(VhostUserMessage message, RandomGenerator random) {
        if (chance(random, 15)) {
            final int at = HEADER_SIZE + random.nextInt(48);
            message.buffer().set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
        }
        if (chance(random, 5)) {
            message.buffer().set(ValueLayout.JAVA_LONG_UNALIGNED, HEADER_SIZE + 8 * random.nextInt(5), number(random));
        }
        if (random.nextInt(400) == 0) {
            final int size = random.nextInt(64);
            message.buffer().set(ValueLayout.JAVA_INT_UNALIGNED, 8, size);
        }
        if (random.nextInt(400) == 0) {
            message.buffer().set(ValueLayout.JAVA_BYTE, random.nextInt(8), (byte) random.nextInt());
        }
    }

    private static int[] fds(SessionRig rig, RandomGenerator random, int request) {
        if (chance(random, 5)) {
            return random.ints(random.nextInt(10), 0, 4)
                    .map(kind -> rig.system.open(KINDS.get(kind)))
                    .toArray();
        }
        return switch (request) {
            case SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR ->
                (rig.out.u64() & VRING_NOFD_MASK) == 0 ? new int[] {rig.system.event()} : new int[0];
            case SET_MEM_TABLE -> {
                final int[] memory = new int[rig.out.regionCount() & 7];
                java.util.Arrays.setAll(memory, i -> rig.memory());
                yield memory;
            }
            case ADD_MEM_REG, SET_LOG_BASE, SET_INFLIGHT_FD -> new int[] {rig.memory()};
            case SET_BACKEND_REQ_FD -> new int[] {rig.system.open(FakeSystem.Kind.SOCKET)};
            default -> new int[0];
        };
    }

    private void converse(RandomGenerator seeds) {
        // Of its own seed, so that conversations are not one sequence of numbers entered at different places.
        final RandomGenerator random = new SplittableRandom(seeds.nextLong());
        final SessionRig rig = new SessionRig();
        if (chance(random, 90)) {
            rig.negotiate();
            rig.tell(rig.table(SessionRig.region()), rig.memory());
            for (int i = 0; i < 4; i++) {
                if (random.nextBoolean()) {
                    rig.startRing(i);
                }
            }
        }
        rig.inChunksOf(chance(random, 50) ? Integer.MAX_VALUE : 1 + random.nextInt(20));
        for (int i = 0; i < MESSAGE_COUNT && rig.session.state() != SessionState.CLOSED; i++) {
            step(rig, random);
            if (rig.session.state() == SessionState.CLOSING) {
                rig.acknowledge();
            }
        }
        messageCount += rig.session.messageCount();
        changeCount += rig.device.told.stream()
                .filter(line -> line.startsWith("change"))
                .count();
        rig.hangUp();
    }

    private static void step(SessionRig rig, RandomGenerator random) {
        rig.device.holding = chance(random, 10);
        rig.device.refuseStart = chance(random, 5) ? "no" : null;
        rig.sent.clear();
        final int request = REQUESTS[random.nextInt(REQUESTS.length)];
        fill(rig, random, request);
        mutate(rig.out, random);
        if (chance(random, 99)) {
            rig.out.flags(rig.out.flags() | NEED_REPLY_MASK);
        }
        final boolean asks = rig.out.needsReply();
        final boolean idle =
                rig.session.state() == SessionState.OPEN && rig.session.deadlineNs() == MessageAssembler.NO_DEADLINE;
        final long before = rig.session.messageCount();
        final int[] fds = fds(rig, random, request);
        rig.tell(rig.out, fds);
        if (chance(random, 2)) {
            rig.session.configChanged();
        }
        if (random.nextInt(500) == 0) {
            rig.session.close("hang-up");
        }
        if (chance(random, 50) || rig.session.state() == SessionState.CLOSING) {
            rig.acknowledge();
        }
        rig.pump();
        final boolean answered = idle
                && rig.session.messageCount() == before + 1
                && rig.session.state() == SessionState.OPEN
                && asks
                && (rig.session.protocolFeatures() & PROTOCOL_F_REPLY_ACK) != 0;
        if (answered) {
            assertThat(rig.sent).as(name(request)).hasSize(1);
        }
        assertThat(rig.system.mistakes).isEmpty();
    }

    @Test
    void everyConversationIsAnsweredOrClosedAndLeavesNothingBehind() {
        SeededTest.run(SESSION_COUNT, this::converse);
        if (!io.basalt.testkit.Seeds.replaying()) {
            assertThat(messageCount).as("messages").isGreaterThan(100_000);
            assertThat(changeCount).as("changes of running rings").isGreaterThan(5_000);
        }
    }
}
