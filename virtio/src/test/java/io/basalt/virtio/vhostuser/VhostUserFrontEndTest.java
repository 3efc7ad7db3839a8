package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Both sides of the protocol against each other.
class VhostUserFrontEndTest {
    /// A transport that hands each message to a session in the same thread. As the kernel does, it passes
    /// duplicates of descriptors.
    private static final class Loop implements VhostUserFrontEnd.Transport {
        private final SessionRig rig;
        private long offset;

        Loop(SessionRig rig) {
            this.rig = rig;
        }

        @Override
        public void send(MemorySegment message, int[] fds) {
            final int[] duplicates = Arrays.stream(fds)
                    .map(fd -> rig.system.open(rig.system.file(fd)))
                    .toArray();
            rig.tell(message.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), duplicates);
        }

        @Override
        public int receive(MemorySegment into, int[] fds) {
            final SessionRig.Sent sent = Objects.requireNonNull(rig.sent.peek(), "no reply");
            into.copyFrom(sent.message().buffer().asSlice(offset, into.byteSize()));
            int count = 0;
            if (offset == 0 && sent.file() != null) {
                fds[0] = rig.system.open(sent.file());
                count = 1;
            }
            offset += into.byteSize();
            if (offset == sent.message().bytes().byteSize()) {
                rig.sent.remove();
                offset = 0;
            }
            return count;
        }
    }

    private static final long QEMU_72 = 0x322b;
    private static final RegionDescription REGION = SessionRig.region();

    private final FakeSystem system = new FakeSystem();
    private SessionRig rig = new SessionRig(system);
    private VhostUserFrontEnd frontEnd = new VhostUserFrontEnd(new Loop(rig));
    private final int memory = system.open(FakeSystem.Kind.MEMORY);
    private final int kick = system.event();
    private final int call = system.event();

    private FrontEndRing ring(int index, int base) {
        final long at = SessionRig.ringAddress(index);
        return new FrontEndRing(index, 128, base, at, at + 0x8000, at + 0x4000, -1, kick, call, call);
    }

    private void start(int ringCount, int base) {
        frontEnd.memory(List.of(new VhostUserFrontEnd.Memory(REGION, memory)));
        for (int i = 0; i < ringCount; i++) {
            frontEnd.startRing(ring(i, base));
        }
        for (int i = 0; i < ringCount; i++) {
            frontEnd.enableRing(i, true);
        }
        frontEnd.status(0xf);
    }

    private void assertServing(int ringCount) {
        for (int i = 0; i < ringCount; i++) {
            assertThat(rig.session.ringState(i)).isEqualTo(RingState.STARTED);
            assertThat(rig.session.ringEnabled(i)).isTrue();
        }
        assertThat(rig.device.notes).isEmpty();
    }

    private void closeAll(int... fds) {
        rig.session.close("hang-up");
        Arrays.stream(fds).forEach(system::close);
        system.assertBalanced();
    }

    @Test
    void servesGuestWithEverythingAgreedOn() {
        frontEnd.connect(PROTOCOL_FEATURES_OFFERED, -1);
        assertThat(frontEnd.queueCountMax()).isEqualTo(FakeDevice.QUEUE_COUNT);
        assertThat(frontEnd.config(57)).startsWith(1, 2, 3).hasSize(57);
        assertThat(frontEnd.features(FakeDevice.FEATURES))
                .isEqualTo(FakeDevice.FEATURES | VHOST_USER_F_PROTOCOL_FEATURES)
                .isEqualTo(frontEnd.features());
        assertThat(frontEnd.offered() & VHOST_F_LOG_ALL).isNotZero();
        final VhostUserFrontEnd.Inflight inflight = frontEnd.createInflight(4, 128);
        start(4, 0);
        assertServing(4);
        frontEnd.writeConfig(32, new byte[] {0});
        rig.device.served[2] = 11;
        assertThat(frontEnd.stopRing(2)).isEqualTo(11);
        frontEnd.addMemory(new VhostUserFrontEnd.Memory(new RegionDescription(1L << 32, 4096, 1L << 32, 0), memory));
        frontEnd.removeMemory(new RegionDescription(1L << 32, 4096, 1L << 32, 0));
        frontEnd.reset();
        closeAll(memory, kick, call, inflight.fd());
    }

    @Test
    void servesGuestWithoutAcknowledgements() {
        frontEnd.connect(PROTOCOL_F_MQ | PROTOCOL_F_CONFIG, -1);
        assertThat(frontEnd.protocolFeatures()).isEqualTo(PROTOCOL_F_MQ | PROTOCOL_F_CONFIG);
        frontEnd.features(0x1_0000_0046L);
        start(2, 0);
        frontEnd.barrier();
        assertServing(2);
        closeAll(memory, kick, call);
    }

    @Test
    void reconnectsWithTheOldInflightRegionAndHearsOfResize() {
        frontEnd.connect(QEMU_72, -1);
        frontEnd.features(0x1_0000_0046L);
        final VhostUserFrontEnd.Inflight inflight = frontEnd.createInflight(2, 128);
        assertThat(inflight.mapSize()).isEqualTo(4224);
        start(2, 0);
        rig.session.close("crash");

        rig = new SessionRig(system);
        frontEnd = new VhostUserFrontEnd(new Loop(rig));
        final int backend = system.open(FakeSystem.Kind.SOCKET);
        frontEnd.connect(QEMU_72, backend);
        frontEnd.features(0x1_0000_0046L);
        frontEnd.inflight(inflight);
        start(2, 0);
        assertServing(2);
        assertThat(Objects.requireNonNull(rig.device.running[1]).inflight()).isNotNull();
        assertThat(rig.requests).containsExactly(BACKEND_CONFIG_CHANGE_MSG);
        closeAll(memory, kick, call, inflight.fd(), backend);
    }

    @Test
    void logsDirtyPages() {
        frontEnd.connect(QEMU_72, -1);
        frontEnd.features(0x1_0000_0046L);
        start(1, 0);
        frontEnd.logBase(8192, 0, memory);
        frontEnd.features(0x1_0000_0046L | VHOST_F_LOG_ALL);
        final FrontEndRing ring = ring(0, 0);
        frontEnd.addresses(new FrontEndRing(
                0, 128, 0, ring.descriptorAddress(), ring.availableAddress(), ring.usedAddress(), 4096, -1, -1, -1));
        assertThat(Objects.requireNonNull(rig.device.running[0]).usedLogAddress())
                .isEqualTo(4096);
        assertThat(Objects.requireNonNull(rig.device.running[0]).log()).isNotNull();
        closeAll(memory, kick, call);
    }

    @Test
    void namesTheRequestThatIsRefused() {
        frontEnd.connect(QEMU_72, -1);
        assertThatThrownBy(() -> frontEnd.startRing(new FrontEndRing(0, 3, 0, 0, 0, 0, -1, -1, -1, -1)))
                .isInstanceOf(VhostUserException.class)
                .hasMessageContaining("SET_VRING_NUM: refused");
        assertThatThrownBy(() -> frontEnd.createInflight(100, 128)).hasMessageContaining("GET_INFLIGHT_FD: refused");
        assertThatThrownBy(() -> frontEnd.writeConfig(0, new byte[8])).hasMessageContaining("SET_CONFIG: refused");
        assertThatThrownBy(() ->
                        frontEnd.memory(java.util.Collections.nCopies(9, new VhostUserFrontEnd.Memory(REGION, memory))))
                .hasMessageContaining("takes 8");
        closeAll(memory, kick, call);
    }
}
