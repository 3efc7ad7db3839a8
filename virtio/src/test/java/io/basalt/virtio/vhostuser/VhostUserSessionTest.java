package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.virtio.queue.QueueSetup;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What a well-behaved front end may count on.
class VhostUserSessionTest {
    private static QueueSetup running(SessionRig rig, int index) {
        return Objects.requireNonNull(rig.device.running[index]);
    }

    @Test
    void acknowledgesOnlyWhenAskedAndAgreed() {
        final SessionRig rig = new SessionRig();
        rig.tell(rig.begin(SET_OWNER, VERSION | NEED_REPLY_MASK, 0));
        rig.assertSilent();
        rig.u64(SET_PROTOCOL_FEATURES, PROTOCOL_F_REPLY_ACK);
        rig.tell(rig.begin(SET_OWNER, VERSION, 0));
        rig.assertSilent();
        assertThat(rig.ask(rig.begin(SET_OWNER, VERSION, 0))).isZero();
        assertThat(rig.ask(rig.begin(RESET_OWNER, VERSION, 0))).isZero();
        rig.hangUp();
    }

    @Test
    void answersUnknownRequestWithErrorOrNotAtAll() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.begin(45, VERSION, 8));
        rig.assertSilent();
        assertThat(rig.device.notes.getLast()).contains("request 45");
        assertThat(rig.ask(rig.begin(28, VERSION, 0))).isEqualTo(1);
        assertThat(rig.session.state()).isEqualTo(SessionState.OPEN);
        rig.hangUp();
    }

    @Test
    void offersItsOwnFeatureBits() {
        final SessionRig rig = new SessionRig();
        rig.tell(rig.begin(GET_FEATURES, VERSION, 0));
        final long offered = rig.reply(GET_FEATURES, U64_SIZE).message().u64();
        assertThat(offered & VHOST_F_LOG_ALL).isNotZero();
        assertThat(offered & VHOST_USER_F_PROTOCOL_FEATURES).isNotZero();
        assertThat(rig.device.features() & (VHOST_F_LOG_ALL | VHOST_USER_F_PROTOCOL_FEATURES))
                .isZero();
    }

    @Test
    void holdsMessagesUntilQueueAcknowledges() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.holding = true;
        rig.u64(SET_VRING_CALL, 0, rig.system.event());
        assertThat(rig.session.state()).isEqualTo(SessionState.WAITING);
        assertThat(rig.session.bytesWanted()).isZero();
        rig.tell(rig.begin(GET_QUEUE_NUM, VERSION, 0));
        rig.assertSilent();
        rig.acknowledge();
        assertThat(rig.wantedCount).isEqualTo(1);
        rig.reply(GET_QUEUE_NUM, U64_SIZE);
        rig.hangUp();
    }

    @Test
    void raisesNewCallOnceAfterItWasSwapped() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.holding = true;
        final int call = rig.system.event();
        rig.u64(SET_VRING_CALL, 0, call);
        assertThat(rig.system.raised).isEmpty();
        rig.acknowledge();
        assertThat(rig.system.raised).containsExactly(call);
        rig.hangUp();
    }

    @Test
    void enablesRingsOfFrontEndWithoutProtocolFeatures() {
        final SessionRig rig = new SessionRig();
        rig.u64(SET_FEATURES, 0x1_0000_0046L);
        assertThat(rig.session.ringEnabled(0)).isTrue();
        assertThat(rig.session.ringEnabled(3)).isTrue();
        final SessionRig other = new SessionRig();
        other.u64(SET_FEATURES, SessionRig.BASIC);
        assertThat(other.session.ringEnabled(0)).isFalse();
    }

    @Test
    void enablesRingsBeforeTheyAreSetUp() {
        final SessionRig rig = new SessionRig().negotiate();
        assertThat(rig.askState(SET_VRING_ENABLE, 3, 1)).isZero();
        assertThat(rig.askState(SET_VRING_ENABLE, 3, 2)).isEqualTo(1);
        assertThat(rig.session.ringEnabled(3)).isTrue();
        assertThat(rig.device.told).noneMatch(line -> line.contains("start"));
    }

    @Test
    void startsAtKickMessageWithoutKickDescriptor() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        rig.state(SET_VRING_NUM, 0, 128);
        rig.tell(rig.addresses(0, 0, SessionRig.ringAddress(0)));
        assertThat(rig.askU64(SET_VRING_KICK, VRING_NOFD_MASK)).isZero();
        assertThat(running(rig, 0).kickFd()).isEqualTo(-1);
        assertThat(running(rig, 0).enabled()).isFalse();
        rig.hangUp();
    }

    @Test
    void restartsRingThatGetsAnotherKickDescriptor() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.served[0] = 5;
        final int kick = rig.system.event();
        assertThat(rig.askU64(SET_VRING_KICK, 0, kick)).isZero();
        assertThat(rig.device.told).containsExactly("stop 0", "start 0 enabled");
        assertThat(running(rig, 0).kickFd()).isEqualTo(kick);
        assertThat(running(rig, 0).base()).isEqualTo(5);
        rig.hangUp();
    }

    @Test
    void answersVringBaseOnlyAfterDrain() {
        final SessionRig rig = SessionRig.serving(1);
        rig.device.holding = true;
        rig.device.served[0] = 7;
        rig.state(GET_VRING_BASE, 0, 0);
        rig.assertSilent();
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STOPPING);
        rig.acknowledge();
        final VhostUserMessage base =
                rig.reply(GET_VRING_BASE, VRING_STATE_SIZE).message();
        assertThat(base.num()).isEqualTo(7);
        rig.state(GET_VRING_BASE, 0, 0);
        assertThat(rig.reply(GET_VRING_BASE, VRING_STATE_SIZE).message().num()).isEqualTo(7);
        rig.hangUp();
    }

    @Test
    void keepsMappingOfUnchangedRegion() {
        final SessionRig rig = new SessionRig().negotiate();
        final FakeSystem.FakeFile file = new FakeSystem.FakeFile(FakeSystem.Kind.MEMORY, 5, FakeSystem.MEMORY_SIZE);
        rig.tell(rig.table(SessionRig.region()), rig.system.open(file));
        rig.startRing(0);
        assertThat(rig.system.mapCount).isEqualTo(1);
        rig.device.told.clear();
        assertThat(rig.ask(rig.table(SessionRig.region()), rig.system.open(file)))
                .isZero();
        assertThat(rig.system.mapCount).isEqualTo(1);
        assertThat(rig.device.told).isEmpty();
        final RegionDescription high = new RegionDescription(1L << 32, 1 << 20, 1L << 20, 0);
        assertThat(rig.ask(rig.table(SessionRig.region(), high), rig.system.open(file), rig.memory()))
                .isZero();
        assertThat(rig.system.mapCount).isEqualTo(2);
        assertThat(running(rig, 0).memory().regions()).hasSize(2);
        assertThat(rig.ask(rig.table(SessionRig.region()), rig.memory()))
                .as("same addresses, another file")
                .isZero();
        assertThat(rig.system.mapCount).isEqualTo(3);
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        rig.hangUp();
    }

    @Test
    void unmapsRegionOnlyWhenQueuesHaveLetGo() {
        final SessionRig rig = SessionRig.serving(2);
        final RegionDescription high = new RegionDescription(1L << 32, 1 << 20, 1L << 20, 0);
        assertThat(rig.ask(rig.single(ADD_MEM_REG, high), rig.memory())).isZero();
        rig.device.holding = true;
        rig.tell(rig.single(REM_MEM_REG, high).flags(VERSION | NEED_REPLY_MASK), rig.memory());
        assertThat(rig.system.mappedCount()).isEqualTo(2);
        rig.assertSilent();
        rig.acknowledge();
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        assertThat(rig.reply(REM_MEM_REG, U64_SIZE).message().u64()).isZero();
        rig.hangUp();
    }

    @Test
    void takesTableAsWellAsSlots() {
        final SessionRig rig = SessionRig.serving(1);
        final RegionDescription high = new RegionDescription(1L << 32, 1 << 20, 1L << 20, 0);
        assertThat(rig.ask(rig.single(ADD_MEM_REG, high), rig.memory())).isZero();
        assertThat(running(rig, 0).memory().regions()).hasSize(2);
        assertThat(rig.ask(rig.table(SessionRig.region()), rig.memory())).isZero();
        assertThat(running(rig, 0).memory().regions()).hasSize(1);
        rig.hangUp();
    }

    @Test
    void handsOutInflightRegionAndGivesEachQueueItsPart() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.begin(GET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).inflightQueues(4, 256));
        final SessionRig.Sent answer = rig.reply(GET_INFLIGHT_FD, INFLIGHT_SIZE);
        assertThat(answer.message().mapSize()).isEqualTo(4 * 4160);
        assertThat(rig.system.openCount()).isZero();
        final int fd = rig.system.open(Objects.requireNonNull(answer.file()));
        assertThat(rig.ask(
                        rig.begin(SET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE)
                                .map(4 * 4160, 0)
                                .inflightQueues(4, 256),
                        fd))
                .isZero();
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        rig.startRing(0);
        rig.startRing(3);
        final var first = Objects.requireNonNull(running(rig, 0).inflight());
        final var last = Objects.requireNonNull(running(rig, 3).inflight());
        assertThat(first.byteSize()).isEqualTo(4160);
        assertThat(last.address() - first.address()).isEqualTo(3 * 4160);
        rig.hangUp();
    }

    @Test
    void doublesInflightEntriesOfPackedRings() {
        final SessionRig rig =
                new SessionRig().negotiate(SessionRig.ALL_PROTOCOL, SessionRig.BASIC | VIRTIO_F_RING_PACKED);
        rig.tell(rig.begin(GET_INFLIGHT_FD, VERSION, INFLIGHT_SIZE).inflightQueues(2, 100));
        assertThat(rig.reply(GET_INFLIGHT_FD, INFLIGHT_SIZE).message().mapSize())
                .isEqualTo(2 * 3264);
    }

    @Test
    void togglesDirtyLogOnRunningRing() {
        final SessionRig rig = SessionRig.serving(1);
        rig.tell(rig.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(8192, 0), rig.memory());
        assertThat(rig.reply(SET_LOG_BASE, U64_SIZE).message().u64()).isZero();
        assertThat(running(rig, 0).log()).isNull();
        assertThat(rig.askU64(SET_FEATURES, SessionRig.BASIC | VHOST_F_LOG_ALL)).isZero();
        assertThat(running(rig, 0).log()).isNotNull();
        assertThat(rig.ask(rig.addresses(0, VHOST_VRING_F_LOG, SessionRig.ringAddress(0))))
                .isZero();
        assertThat(running(rig, 0).usedLogAddress()).isEqualTo(0x10_4000);
        assertThat(rig.system.mappedCount()).isEqualTo(2);
        rig.device.holding = true;
        rig.u64(SET_FEATURES, SessionRig.BASIC);
        assertThat(rig.system.mappedCount()).isEqualTo(2);
        rig.acknowledge();
        assertThat(rig.system.mappedCount()).isEqualTo(1);
        assertThat(running(rig, 0).log()).isNull();
        rig.hangUp();
    }

    @Test
    void replacesDirtyLogWhileLogging() {
        final SessionRig rig = SessionRig.serving(1);
        rig.u64(SET_FEATURES, SessionRig.BASIC | VHOST_F_LOG_ALL);
        rig.tell(rig.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(8192, 0), rig.memory());
        rig.reply(SET_LOG_BASE, U64_SIZE);
        final var first = running(rig, 0).log();
        rig.tell(rig.begin(SET_LOG_BASE, VERSION, LOG_SIZE).map(16384, 0), rig.memory());
        rig.reply(SET_LOG_BASE, U64_SIZE);
        assertThat(running(rig, 0).log()).isNotNull().isNotSameAs(first);
        assertThat(rig.system.mappedCount()).isEqualTo(2);
        rig.hangUp();
    }

    @Test
    void readsConfigUpTo256BytesAndPadsWithZeroes() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.begin(GET_CONFIG, VERSION, 268).config(0, 256, 0));
        final VhostUserMessage answer = rig.reply(GET_CONFIG, 268).message();
        final byte[] data = answer.configBytes(256).toArray(ValueLayout.JAVA_BYTE);
        assertThat(data).startsWith(1, 2, 3);
        assertThat(data[59]).isEqualTo((byte) 60);
        assertThat(data[60]).isZero();
    }

    @Test
    void tellsRefusedConfigBySizeZero() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.begin(GET_CONFIG, VERSION, 69).config(0, 58, 0));
        rig.reply(GET_CONFIG, 0);
        rig.tell(rig.begin(GET_CONFIG, VERSION, 20).config(250, 8, 0));
        rig.reply(GET_CONFIG, 0);
        rig.tell(rig.begin(GET_CONFIG, VERSION, 269).config(0, 257, 0));
        rig.reply(GET_CONFIG, 0);
        rig.tell(rig.begin(GET_CONFIG, VERSION, 20).config(-1, 8, 0));
        rig.reply(GET_CONFIG, 0);
        rig.tell(rig.begin(GET_CONFIG, VERSION, 4));
        rig.reply(GET_CONFIG, 0);
    }

    @Test
    void writesWritebackAndNothingElse() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.device.told.clear();
        assertThat(rig.ask(rig.begin(SET_CONFIG, VERSION, 13).config(32, 1, 0))).isZero();
        assertThat(rig.ask(rig.begin(SET_CONFIG, VERSION, 13).config(32, 1, 1))).isZero();
        assertThat(rig.device.told).containsExactly("writeback 0", "writeback 0 by migration");
        assertThat(rig.ask(rig.begin(SET_CONFIG, VERSION, 20).config(0, 8, 0))).isEqualTo(1);
        assertThat(rig.ask(rig.begin(SET_CONFIG, VERSION, 13).config(32, 1, 2))).isEqualTo(1);
        assertThat(rig.ask(rig.begin(SET_CONFIG, VERSION, 13).config(32, 2, 0))).isEqualTo(1);
    }

    @Test
    void stopsRingsAtStatusZeroAndRemembersTheirBase() {
        final SessionRig rig = SessionRig.serving(2);
        rig.device.served[1] = 3;
        assertThat(rig.askU64(SET_STATUS, 0)).isZero();
        assertThat(rig.device.told).containsExactly("stop 0", "stop 1");
        rig.state(GET_VRING_BASE, 1, 0);
        assertThat(rig.reply(GET_VRING_BASE, VRING_STATE_SIZE).message().num()).isEqualTo(3);
        rig.tell(rig.begin(GET_STATUS, VERSION, 0));
        assertThat(rig.reply(GET_STATUS, U64_SIZE).message().u64()).isZero();
        rig.hangUp();
    }

    @Test
    void resetsDeviceAndKeepsConnection() {
        final SessionRig rig = SessionRig.serving(2);
        assertThat(rig.ask(rig.begin(RESET_DEVICE, VERSION, 0))).isZero();
        assertThat(rig.session.ringState(1)).isEqualTo(RingState.STOPPED);
        assertThat(rig.session.ringEnabled(1)).isFalse();
        assertThat(rig.askU64(SET_VRING_KICK, 0, rig.system.event()))
                .as("start without set-up")
                .isEqualTo(1);
        rig.startRing(0);
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STARTED);
        rig.hangUp();
    }

    @Test
    void announcesResizeBetweenMessagesWithoutWaiting() {
        final SessionRig rig = SessionRig.serving(1);
        rig.session.configChanged();
        assertThat(rig.requests).as("no socket to tell it on").isEmpty();
        assertThat(rig.ask(rig.begin(SET_BACKEND_REQ_FD, VERSION, 0), rig.system.open(FakeSystem.Kind.SOCKET)))
                .isZero();
        assertThat(rig.requests).containsExactly(BACKEND_CONFIG_CHANGE_MSG);
        rig.device.holding = true;
        rig.u64(SET_VRING_CALL, 0, rig.system.event());
        rig.session.configChanged();
        assertThat(rig.requests).as("a message is being handled").hasSize(1);
        rig.acknowledge();
        assertThat(rig.requests).hasSize(2);
        rig.sendable = false;
        rig.session.configChanged();
        rig.sendable = true;
        rig.state(SET_VRING_ENABLE, 3, 1);
        assertThat(rig.requests).as("tried again").hasSize(3);
        rig.hangUp();
    }

    @Test
    void announcesResizeWhenTheGuestIsServed() {
        final SessionRig rig = SessionRig.serving(1);
        rig.ask(rig.begin(SET_BACKEND_REQ_FD, VERSION, 0), rig.system.open(FakeSystem.Kind.SOCKET));
        rig.state(SET_VRING_ENABLE, 0, 0);
        rig.session.configChanged();
        assertThat(rig.requests).isEmpty();
        rig.state(SET_VRING_ENABLE, 0, 1);
        assertThat(rig.requests).hasSize(1);
        rig.hangUp();
    }

    @Test
    void passesErrorSignalToRunningRing() {
        final SessionRig rig = SessionRig.serving(1);
        final int fd = rig.system.event();
        assertThat(rig.askU64(SET_VRING_ERR, 0, fd)).isZero();
        assertThat(running(rig, 0).error()).hasToString("signal " + fd);
        rig.hangUp();
    }

    @Test
    void refusedStartLeavesRingStoppedAndRaisesItsError() {
        final SessionRig rig = new SessionRig().negotiate();
        rig.tell(rig.table(SessionRig.region()), rig.memory());
        final int error = rig.system.event();
        rig.u64(SET_VRING_ERR, 0, error);
        rig.device.refuseStart = "inflight region: corrupt";
        rig.startRing(0);
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STOPPED);
        assertThat(rig.system.raised).containsExactly(error);
        assertThat(rig.device.notes.getLast()).contains("corrupt");
        rig.device.refuseStart = null;
        rig.startRing(0);
        assertThat(rig.session.ringState(0)).isEqualTo(RingState.STARTED);
        rig.hangUp();
    }

    @Test
    void servesTheInitiatorOfSpdk() {
        final SessionRig rig = new SessionRig();
        final FakeSystem.FakeFile file = new FakeSystem.FakeFile(FakeSystem.Kind.MEMORY, 5, FakeSystem.MEMORY_SIZE);
        final RegionDescription region =
                new RegionDescription(0x2000_0020_0000L, FakeSystem.MEMORY_SIZE, 0x2000_0020_0000L, 0);
        rig.tell(rig.begin(SET_OWNER, VERSION, 0));
        rig.tell(rig.begin(GET_FEATURES, VERSION, 0));
        rig.reply(GET_FEATURES, U64_SIZE);
        rig.u64(SET_FEATURES, 0x1_4000_1446L & (FakeDevice.FEATURES | VHOST_USER_F_PROTOCOL_FEATURES));
        rig.tell(rig.begin(GET_PROTOCOL_FEATURES, VERSION, 0));
        rig.reply(GET_PROTOCOL_FEATURES, U64_SIZE);
        rig.u64(SET_PROTOCOL_FEATURES, PROTOCOL_F_MQ | PROTOCOL_F_CONFIG);
        for (int i = 0; i < 5; i++) {
            rig.tell(rig.begin(GET_CONFIG, VERSION, 268).config(0, 256, 0));
            rig.reply(GET_CONFIG, 268);
        }
        rig.state(SET_VRING_ENABLE, 0, 1);
        rig.state(SET_VRING_ENABLE, 1, 1);
        rig.tell(rig.begin(GET_QUEUE_NUM, VERSION, 0));
        rig.reply(GET_QUEUE_NUM, U64_SIZE);
        rig.u64(SET_VRING_CALL, 0, rig.system.event());
        rig.u64(SET_VRING_CALL, 1, rig.system.event());
        rig.tell(rig.table(region), rig.system.open(file));
        rig.tell(rig.begin(GET_FEATURES, VERSION, 0));
        rig.reply(GET_FEATURES, U64_SIZE);
        for (int i = 0; i < 2; i++) {
            rig.state(SET_VRING_NUM, i, 256);
            rig.state(SET_VRING_BASE, i, 0);
            rig.tell(rig.addresses(i, 0, region.userAddress() + 0x10_0000L * (i + 1)));
            rig.u64(SET_VRING_KICK, i, rig.system.event());
            assertThat(running(rig, i).enabled()).isTrue();
        }
        for (int i = 0; i < 2; i++) {
            rig.state(GET_VRING_BASE, i, 0);
            rig.reply(GET_VRING_BASE, VRING_STATE_SIZE);
        }
        rig.tell(rig.table(region), rig.system.open(file));
        rig.tell(rig.begin(GET_FEATURES, VERSION, 0));
        rig.reply(GET_FEATURES, U64_SIZE);
        assertThat(rig.system.mapCount).isEqualTo(1);
        assertThat(rig.device.notes).isEmpty();
        rig.hangUp();
    }

    @Test
    void everyStateNamesItsSuccessors() {
        for (final SessionState state : SessionState.values()) {
            assertThat(state.mayBecome(state)).isFalse();
            assertThat(SessionState.CLOSED.mayBecome(state)).isFalse();
        }
        assertThat(SessionState.WAITING.mayBecome(SessionState.CLOSED)).isFalse();
        for (final RingState state : RingState.values()) {
            assertThat(state.mayBecome(state)).isFalse();
        }
        assertThat(RingState.STARTED.mayBecome(RingState.STOPPED)).isFalse();
        assertThat(RingState.STOPPED.mayBecome(RingState.STARTED)).isFalse();
    }
}
