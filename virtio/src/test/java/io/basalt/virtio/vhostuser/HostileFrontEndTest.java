package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// A front end that does everything wrong, one test for each way. In all of them: a refused message leaves what
/// runs as it is, every descriptor is closed exactly once, every mapping undone.
class HostileFrontEndTest {
    private static void assertUntouched(SessionRig rig) {
        assertThat(rig.device.told).isEmpty();
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STARTED);
        assertThat(rig.session.state()).isEqualTo(SessionState.OPEN);
    }

    private static void assertClosed(SessionRig rig, String reason) {
        assertThat(rig.closingReason).contains(reason);
        assertThat(rig.session.state()).isEqualTo(SessionState.CLOSED);
        assertThat(rig.closed).isTrue();
        rig.system.assertBalanced();
    }

    // ---- rings

    @Test
    void ringAddressesUnaligned() {
        final SessionRig rig = SessionRig.serving(1);
        final long at = SessionRig.ringAddress(1);
        for (final long[] bad : new long[][] {{8, 0, 0}, {0, 2, 0}, {0, 0, 1}}) {
            assertThat(rig.ask(rig.begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                            .addresses(1, 0, at + bad[0], at + 0x4000 + bad[1], at + 0x8000 + bad[2], 0)))
                    .isEqualTo(1);
        }
        rig.state(SET_VRING_NUM, 1, 128);
        assertThat(rig.askU64(SET_VRING_KICK, 1, rig.system.event())).isEqualTo(1);
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void ringAddressesOutsideGuestMemory() {
        final SessionRig rig = SessionRig.serving(1);
        rig.state(SET_VRING_NUM, 1, 128);
        final long end = SessionRig.USER_ADDRESS + FakeSystem.MEMORY_SIZE;
        for (final long at : new long[] {0, end, end - 16, SessionRig.USER_ADDRESS - 16, -16}) {
            assertThat(rig.ask(rig.addresses(1, 0, at))).isZero();
            assertThat(rig.askU64(SET_VRING_KICK, 1, rig.system.event())).isEqualTo(1);
        }
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void ringMovedWhileRunning() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.ask(rig.addresses(0, 0, SessionRig.ringAddress(1)))).isEqualTo(1);
        assertThat(rig.askState(SET_VRING_NUM, 0, 64)).isEqualTo(1);
        assertThat(rig.askState(SET_VRING_BASE, 0, 9)).isEqualTo(1);
        assertUntouched(rig);
        assertThat(rig.ask(rig.addresses(0, VHOST_VRING_F_LOG, SessionRig.ringAddress(0))))
                .as("only logging changes")
                .isZero();
        rig.hangUp();
    }

    @Test
    void ringSizeZeroOddOrHuge() {
        final SessionRig rig = SessionRig.serving(1);
        for (final int size : new int[] {0, 3, 127, 2048, 32768, 65536, -1, Integer.MIN_VALUE}) {
            assertThat(rig.askState(SET_VRING_NUM, 1, size)).as("size " + size).isEqualTo(1);
        }
        rig.tell(rig.addresses(1, 0, SessionRig.ringAddress(1)));
        assertThat(rig.askU64(SET_VRING_KICK, 1, rig.system.event())).isEqualTo(1);
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void ringSizeLegalForPackedThatStartsAsSplit() {
        final SessionRig rig =
                new SessionRig().negotiate(SessionRig.ALL_PROTOCOL, SessionRig.BASIC | VIRTIO_F_RING_PACKED);
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        assertThat(rig.askState(SET_VRING_NUM, 0, 100)).isZero();
        rig.tell(rig.addresses(0, 0, SessionRig.ringAddress(0)));
        rig.u64(SET_FEATURES, SessionRig.BASIC);
        assertThat(rig.askU64(SET_VRING_KICK, 0, rig.system.event())).isEqualTo(1);
        rig.hangUp();
    }

    @Test
    void ringBaseGarbage() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.askState(SET_VRING_BASE, 1, 0x10000)).isEqualTo(1);
        assertThat(rig.askState(SET_VRING_BASE, 1, -1)).isEqualTo(1);
        rig.state(SET_VRING_NUM, 1, 128);
        rig.tell(rig.addresses(1, 0, SessionRig.ringAddress(1)));
        assertThat(rig.askU64(SET_VRING_KICK, 1, rig.system.event()))
                .as("garbage base never starts")
                .isEqualTo(1);
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void unknownQueue255() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.askState(SET_VRING_ENABLE, 255, 1)).isEqualTo(1);
        assertThat(rig.askState(SET_VRING_ENABLE, -1, 1)).isEqualTo(1);
        assertThat(rig.askState(SET_VRING_NUM, 4, 128)).isEqualTo(1);
        assertThat(rig.askU64(SET_VRING_KICK, 255, rig.system.event())).isEqualTo(1);
        assertThat(rig.askU64(SET_VRING_CALL, 255, rig.system.event())).isEqualTo(1);
        assertUntouched(rig);
        rig.state(GET_VRING_BASE, 255, 0);
        assertClosed(rig, "queue 255");
    }

    @Test
    void kickOfRegularFile() {
        final SessionRig rig = SessionRig.serving(1);
        final int[] requests = {SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR};
        for (final int request : requests) {
            assertThat(rig.askU64(request, 0, rig.system.open(FakeSystem.Kind.REGULAR_FILE)))
                    .isEqualTo(1);
            assertThat(rig.askU64(request, 0)).as("no descriptor at all").isEqualTo(1);
        }
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void sameEventForAllAndEveryQueue() {
        final SessionRig rig = SessionRig.serving(2);
        final FakeSystem.FakeFile event = rig.system.file(rig.system.event());
        for (int i = 0; i < 2; i++) {
            assertThat(rig.askU64(SET_VRING_CALL, i, rig.system.open(event))).isZero();
            assertThat(rig.askU64(SET_VRING_ERR, i, rig.system.open(event))).isZero();
            assertThat(rig.askU64(SET_VRING_KICK, i, rig.system.open(event))).isZero();
        }
        rig.system.close(IntStream.range(3, 1000)
                .filter(fd -> rig.system.isOpen(fd) && rig.system.file(fd).equals(event))
                .findFirst()
                .orElseThrow());
        rig.session.close("hang-up");
        assertThat(rig.session.state()).isEqualTo(SessionState.CLOSED);
        rig.system.assertBalanced();
    }

    @Test
    void featuresChangedWhileRunning() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.askU64(SET_FEATURES, SessionRig.BASIC | VIRTIO_F_RING_PACKED))
                .isEqualTo(1);
        assertThat(rig.askU64(SET_FEATURES, 0)).isEqualTo(1);
        assertThat(rig.askU64(SET_PROTOCOL_FEATURES, PROTOCOL_F_REPLY_ACK)).isEqualTo(1);
        assertUntouched(rig);
        assertThat(rig.session.features()).isEqualTo(SessionRig.BASIC);
        rig.hangUp();
    }

    @Test
    void featuresOutsideTheOffer() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.askU64(SET_FEATURES, SessionRig.BASIC | 1L << 33)).isEqualTo(1);
        assertThat(rig.askU64(SET_PROTOCOL_FEATURES, PROTOCOL_FEATURES_OFFERED | 1L << 8))
                .isEqualTo(1);
        assertThat(rig.askU64(SET_STATUS, 0x100)).isEqualTo(1);
        assertUntouched(rig);
        rig.u64(SET_FEATURES, -1L);
        assertClosed(rig, "not offered");
    }

    // ---- memory

    @Test
    void memoryTableOfNoOrTooManyRegions() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.ask(rig.table())).isEqualTo(1);
        for (final int count : new int[] {9, -1, Integer.MIN_VALUE}) {
            assertThat(rig.ask(rig.table(SessionRig.region()).regionCount(count), rig.memory()))
                    .isEqualTo(1);
        }
        assertThat(rig.ask(rig.table(SessionRig.region()).regionCount(2), rig.memory(), rig.memory()))
                .as("more regions than bytes")
                .isEqualTo(1);
        assertThat(rig.ask(rig.table(SessionRig.region()))).as("no descriptor").isEqualTo(1);
        assertThat(rig.ask(rig.table(SessionRig.region()), rig.memory(), rig.memory()))
                .as("two descriptors")
                .isEqualTo(1);
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void memoryRegionsDuplicatedOrOverlapping() {
        final SessionRig rig = SessionRig.serving(1);
        final RegionDescription region = SessionRig.region();
        final RegionDescription sameGuest = new RegionDescription(4096, 1 << 20, 1 << 30, 0);
        final RegionDescription sameUser = new RegionDescription(1L << 40, 1 << 20, region.userAddress() + 4096, 0);
        final FakeSystem.FakeFile file = new FakeSystem.FakeFile(FakeSystem.Kind.MEMORY, 1, FakeSystem.MEMORY_SIZE);
        for (final RegionDescription other : List.of(region, sameGuest, sameUser)) {
            assertThat(rig.ask(rig.table(region, other), rig.system.open(file), rig.system.open(file)))
                    .isEqualTo(1);
            assertThat(rig.ask(rig.single(ADD_MEM_REG, other), rig.memory())).isEqualTo(1);
        }
        assertUntouched(rig);
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        rig.hangUp();
    }

    @Test
    void memoryRegionsThatOverflow() {
        final SessionRig rig = SessionRig.serving(1);
        final long user = 1L << 50;
        for (final RegionDescription bad : List.of(
                new RegionDescription(1L << 40, 0, user, 0),
                new RegionDescription(1L << 40, -1, user, 0),
                new RegionDescription(1L << 40, Long.MAX_VALUE, user, 0),
                new RegionDescription(1L << 40, 4096, user, Long.MAX_VALUE & -4096),
                new RegionDescription(1L << 40, 4096, user, -4096),
                new RegionDescription(1L << 40, 4096, user, 1),
                new RegionDescription(-4096, 8192, user, 0),
                new RegionDescription(1L << 40, 8192, -4096, 0),
                new RegionDescription(1L << 40, FakeSystem.MEMORY_SIZE + 1, user, 0),
                new RegionDescription(1L << 40, 4096, user, FakeSystem.MEMORY_SIZE))) {
            assertThat(rig.ask(rig.single(ADD_MEM_REG, bad), rig.memory()))
                    .as(bad.toString())
                    .isEqualTo(1);
            assertThat(rig.ask(rig.table(SessionRig.region(), bad), rig.memory(), rig.memory()))
                    .as(bad.toString())
                    .isEqualTo(1);
        }
        assertUntouched(rig);
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        rig.hangUp();
    }

    @Test
    void memoryOfSocketOrRegularFile() {
        final SessionRig rig = SessionRig.serving(1);
        for (final FakeSystem.Kind kind : List.of(FakeSystem.Kind.SOCKET, FakeSystem.Kind.REGULAR_FILE)) {
            assertThat(rig.ask(rig.table(SessionRig.region()), rig.system.open(kind)))
                    .isEqualTo(1);
        }
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void sameMemoryFileThrice() {
        final SessionRig rig = new SessionRig().negotiate();
        final FakeSystem.FakeFile file = new FakeSystem.FakeFile(FakeSystem.Kind.MEMORY, 1, FakeSystem.MEMORY_SIZE);
        assertThat(rig.ask(
                        rig.table(
                                SessionRig.region(),
                                new RegionDescription(1L << 32, 4096, 1L << 32, 0),
                                new RegionDescription(1L << 33, 4096, 1L << 33, 4096)),
                        rig.system.open(file),
                        rig.system.open(file),
                        rig.system.open(file)))
                .isZero();
        assertThat(rig.system.mappedCount()).isEqualTo(3);
        rig.hangUp();
    }

    @Test
    void memoryTakenFromUnderRunningRing() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.ask(rig.single(REM_MEM_REG, SessionRig.region()))).isEqualTo(1);
        final RegionDescription other = new RegionDescription(0, 1 << 20, 1 << 30, 0);
        assertThat(rig.ask(rig.table(other), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(rig.single(REM_MEM_REG, other), rig.memory()))
                .as("no such region")
                .isEqualTo(1);
        assertUntouched(rig);
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        rig.hangUp();
    }

    @Test
    void memoryTableThatCannotBeRefusedAloud() {
        final SessionRig rig = SessionRig.serving(1);
        rig.tell(rig.table(), rig.memory());
        assertClosed(rig, "SET_MEM_TABLE refused");
    }

    @Test
    void memorySlotsWithoutAgreement() {
        final SessionRig rig = new SessionRig().negotiate(PROTOCOL_F_REPLY_ACK, SessionRig.BASIC);
        assertThat(rig.ask(rig.single(ADD_MEM_REG, SessionRig.region()), rig.memory()))
                .isEqualTo(1);
        assertThat(rig.ask(rig.single(REM_MEM_REG, SessionRig.region()))).isEqualTo(1);
        assertThat(rig.ask(rig.begin(SET_BACKEND_REQ_FD, VERSION, 0), rig.system.open(FakeSystem.Kind.SOCKET)))
                .isEqualTo(1);
        rig.hangUp();
    }

    // ---- descriptors and framing

    @Test
    void descriptorsOnMessagesThatTakeNone() {
        final SessionRig rig = SessionRig.serving(1);
        final int open = rig.system.openCount();
        for (int request = 0; request < 50; request++) {
            if (request == SET_STATUS || request == RESET_DEVICE) {
                continue;
            }
            final int size = payloadSizeMin(request);
            rig.tell(rig.begin(request, VERSION | NEED_REPLY_MASK, size), rig.memory(), rig.system.event());
            assertThat(rig.session.state()).as(name(request)).isEqualTo(SessionState.OPEN);
            assertThat(rig.sent).as(name(request)).hasSize(1);
            rig.sent.clear();
            if (request == GET_VRING_BASE) {
                rig.startRing(0);
            }
        }
        assertThat(rig.system.openCount()).isEqualTo(open);
        rig.hangUp();
    }

    @Test
    void twoHundredFiftyThreeDescriptors() {
        final SessionRig rig = SessionRig.serving(1);
        final int open = rig.system.openCount();
        final int[] fds =
                IntStream.range(0, FD_COUNT_MAX).map(i -> rig.memory()).toArray();
        assertThat(rig.ask(rig.table(SessionRig.region()), fds)).isEqualTo(1);
        assertThat(rig.system.openCount()).isEqualTo(open);
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void descriptorsInTheMiddleOfMessage() {
        final SessionRig rig = SessionRig.serving(1);
        final byte[] bytes =
                rig.begin(GET_QUEUE_NUM, VERSION, 0).bytes().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
        rig.tell(java.util.Arrays.copyOf(bytes, 5), rig.memory());
        rig.tell(java.util.Arrays.copyOfRange(bytes, 5, 12), rig.memory(), rig.memory());
        assertClosed(rig, "in the middle of a message");
    }

    @Test
    void halfMessageThenHangUp() {
        for (int length = 1; length < 20; length++) {
            final SessionRig rig = SessionRig.serving(1);
            final byte[] bytes =
                    rig.begin(SET_VRING_CALL, VERSION, 8).bytes().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            rig.tell(java.util.Arrays.copyOf(bytes, length), rig.system.event());
            rig.assertSilent();
            rig.hangUp();
        }
    }

    @Test
    void slowLoris() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.session.deadlineNs()).isEqualTo(MessageAssembler.NO_DEADLINE);
        rig.nowNs = 1000;
        rig.tell(new byte[] {1}, rig.memory());
        rig.nowNs += VhostUserSession.MESSAGE_TIME_LIMIT_NS - 1;
        rig.tell(new byte[] {0});
        assertThat(rig.session.deadlineNs()).isEqualTo(1000 + VhostUserSession.MESSAGE_TIME_LIMIT_NS);
        rig.session.expire(rig.nowNs);
        assertThat(rig.session.state()).isEqualTo(SessionState.OPEN);
        rig.session.expire(rig.nowNs + 1);
        assertClosed(rig, "not complete within");
    }

    @Test
    void payloadOf4GiB() {
        for (final int size : new int[] {-1, Integer.MIN_VALUE, PAYLOAD_SIZE_MAX + 1}) {
            final SessionRig rig = SessionRig.serving(1);
            final VhostUserMessage header = rig.begin(GET_FEATURES, VERSION, 0);
            header.buffer().set(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, 8, size);
            rig.tell(header.buffer().asSlice(0, 12).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), rig.memory());
            assertClosed(rig, "payload of");
        }
    }

    @Test
    void payloadThatDoesNotFitItsRequest() {
        final SessionRig rig = SessionRig.serving(1);
        rig.tell(rig.begin(SET_VRING_ADDR, VERSION, 8));
        assertClosed(rig, "want 40");
    }

    @Test
    void wrongVersionOrReply() {
        for (final int flags : new int[] {0, 2, 3, VERSION | REPLY_MASK}) {
            final SessionRig rig = SessionRig.serving(1);
            rig.tell(rig.begin(GET_FEATURES, flags, 0));
            assertThat(rig.session.state()).isEqualTo(SessionState.CLOSED);
            rig.assertSilent();
            rig.system.assertBalanced();
        }
    }

    @Test
    void repliesThatNobodyReads() {
        final SessionRig rig = SessionRig.serving(1);
        rig.sendable = false;
        rig.tell(rig.begin(GET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).inflightQueues(1, 128));
        assertClosed(rig, "does not take its replies");
    }

    // ---- inflight region, dirty log

    private static VhostUserMessage inflight(SessionRig rig, long size, long offset, int queues, int queueSize) {
        return rig.begin(SET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE)
                .map(size, offset)
                .inflightQueues(queues, queueSize);
    }

    @Test
    void inflightRegionOfWrongSizeOrShape() {
        final SessionRig rig = new SessionRig().negotiate();
        final int mapped = rig.system.mappedCount();
        assertThat(rig.ask(inflight(rig, 4223, 0, 2, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 0, 0, 2, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, -1, 0, 2, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 4224, 1, 2, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 4224, -4096, 2, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 4224, FakeSystem.MEMORY_SIZE, 2, 128), rig.memory()))
                .isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 1 << 20, 0, 0, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 1 << 20, 0, 5, 128), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 1 << 20, 0, 2, 0), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 1 << 20, 0, 2, 2048), rig.memory())).isEqualTo(1);
        assertThat(rig.ask(inflight(rig, 4224, 0, 2, 128))).isEqualTo(1);
        assertThat(rig.system.mappedCount()).isEqualTo(mapped);
        rig.tell(rig.begin(GET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).inflightQueues(0xffff, 0xffff));
        final SessionRig.Sent answer = rig.reply(GET_INFLIGHT_FD, INFLIGHT_SIZE);
        assertThat(answer.message().mapSize()).isZero();
        assertThat(answer.file()).isNull();
        rig.hangUp();
    }

    @Test
    void inflightRegionWithoutPartForTheRing() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        assertThat(rig.ask(inflight(rig, 4224, 0, 1, 64), rig.memory())).isZero();
        rig.startRing(0);
        rig.startRing(1);
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STOPPED);
        assertThat(rig.session.ringState(1)).isEqualTo(RingState.STOPPED);
        rig.hangUp();
    }

    @Test
    void inflightRegionSplitUsedAsPacked() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        assertThat(rig.ask(inflight(rig, 4224, 0, 2, 128), rig.memory())).isZero();
        rig.u64(SET_FEATURES, SessionRig.BASIC | VIRTIO_F_RING_PACKED);
        rig.startRing(0);
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STOPPED);
        rig.hangUp();
    }

    @Test
    void inflightRegionReplacedWhileRunning() {
        final SessionRig rig = SessionRig.serving(1);
        assertThat(rig.ask(inflight(rig, 4224, 0, 2, 128), rig.memory())).isEqualTo(1);
        assertUntouched(rig);
        rig.hangUp();
    }

    @Test
    void dirtyLogThatOverflows() {
        for (final long[] bad : new long[][] {
            {0, 0},
            {7, 0},
            {-1, 0},
            {Long.MAX_VALUE, 0},
            {8192, -4096},
            {8192, 8},
            {8192, Long.MAX_VALUE & -4096},
            {8192, FakeSystem.MEMORY_SIZE}
        }) {
            final SessionRig rig = SessionRig.serving(1);
            assertThat(rig.ask(rig.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(bad[0], bad[1]), rig.memory()))
                    .isEqualTo(1);
            assertUntouched(rig);
            rig.tell(rig.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(bad[0], bad[1]), rig.memory());
            assertClosed(rig, "SET_LOG_BASE refused");
        }
    }

    // ---- disconnect

    @Test
    void hangUpWhileQueuesStart() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        rig.device.holding = true;
        rig.startRing(0);
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STARTING);
        rig.session.close("hang-up");
        assertThat(rig.closed).isFalse();
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        rig.acknowledge();
        assertThat(rig.device.told.getLast()).isEqualTo("stop 0");
        assertThat(rig.session.state()).isEqualTo(SessionState.CLOSED);
        rig.system.assertBalanced();
    }

    @Test
    void hangUpWhileQueueChanges() {
        final SessionRig rig = SessionRig.serving(2);
        rig.device.holding = true;
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        rig.session.close("hang-up");
        assertThat(rig.system.mappedCount()).isEqualTo(2);
        assertThat(rig.closed).isFalse();
        rig.acknowledge();
        assertThat(rig.session.state()).isEqualTo(SessionState.CLOSED);
        rig.assertSilent();
        rig.system.assertBalanced();
    }

    @Test
    void hangUpWhileQueueDrains() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.holding = true;
        rig.state(GET_VRING_BASE, 0, 0);
        rig.session.close("hang-up");
        rig.session.close("again");
        assertThat(rig.closed).isFalse();
        rig.acknowledge();
        assertThat(rig.closed).isTrue();
        assertThat(rig.device.told).containsExactly("stop 0");
        rig.assertSilent();
        rig.system.assertBalanced();
    }

    @Test
    void hangUpWhileRingRestarts() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.holding = true;
        rig.u64(SET_VRING_KICK, 0, rig.system.event());
        rig.session.close("hang-up");
        rig.acknowledge();
        assertThat(rig.device.told).containsExactly("stop 0");
        assertThat(rig.session.state()).isEqualTo(SessionState.CLOSED);
        rig.system.assertBalanced();
    }

    @Test
    void hangUpWithRequestsInFlight() {
        final SessionRig rig = SessionRig.serving(3);
        rig.device.holding = true;
        rig.session.close("hang-up");
        assertThat(rig.closingReason).isEqualTo("hang-up");
        assertThat(rig.session.state()).isEqualTo(SessionState.CLOSING);
        assertThat(rig.system.mappedCount())
                .as("memory stays while I/O is in flight")
                .isEqualTo(1);
        rig.session.configChanged();
        Objects.requireNonNull(rig.device.held.poll()).run();
        assertThat(rig.closed).isFalse();
        rig.acknowledge();
        assertThat(rig.closed).isTrue();
        rig.system.assertBalanced();
    }

    @Test
    void resetWithRequestsInFlight() {
        final SessionRig rig = SessionRig.serving(2);
        rig.device.holding = true;
        rig.tell(rig.begin(RESET_DEVICE, VERSION | NEED_REPLY_MASK, 0));
        rig.assertSilent();
        rig.acknowledge();
        assertThat(rig.reply(RESET_DEVICE, U64_SIZE).message().u64()).isZero();
        rig.hangUp();
    }
}
