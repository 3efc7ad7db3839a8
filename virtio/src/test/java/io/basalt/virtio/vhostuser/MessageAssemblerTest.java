package io.basalt.virtio.vhostuser;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MessageAssemblerTest {
    private static final int[] NO_FDS = {};

    private final FakeSystem system = new FakeSystem();
    private final MessageAssembler assembler = new MessageAssembler(VhostUserMessage.allocate(), 100);

    private void feed(byte[] bytes, int at, int count, int... fds) {
        assembler.input().copyFrom(MemorySegment.ofArray(bytes).asSlice(at, count));
        assertThat(assembler.accept(count, fds, fds.length, 5)).isNull();
    }

    @Test
    void asksForHeaderThenForPayload() {
        final byte[] bytes = VhostUserMessage.allocate()
                .begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                .bytes()
                .toArray(ValueLayout.JAVA_BYTE);
        for (int chunk = 1; chunk <= bytes.length; chunk++) {
            assertThat(assembler.empty()).isTrue();
            assertThat(assembler.bytesWanted()).isEqualTo(HEADER_SIZE);
            int at = 0;
            while (!assembler.complete()) {
                final int count = Math.min(chunk, assembler.bytesWanted());
                feed(bytes, at, count, at == 0 ? new int[] {system.event()} : NO_FDS);
                at += count;
                assertThat(at <= HEADER_SIZE || assembler.message().size() == VRING_ADDR_SIZE)
                        .isTrue();
            }
            assertThat(at).isEqualTo(bytes.length);
            assertThat(assembler.message().request()).isEqualTo(SET_VRING_ADDR);
            assertThat(assembler.fdCount()).isEqualTo(1);
            assertThat(assembler.closeFds(system)).isEqualTo(1);
            assembler.next();
        }
        system.assertBalanced();
    }

    @Test
    void leavesTakenDescriptorsToTheirTaker() {
        final byte[] bytes =
                VhostUserMessage.allocate().begin(SET_OWNER, VERSION, 0).bytes().toArray(ValueLayout.JAVA_BYTE);
        final int first = system.event();
        final int second = system.event();
        feed(bytes, 0, HEADER_SIZE, first, second);
        assertThat(assembler.takeFd(1)).isEqualTo(second);
        assertThat(assembler.closeFds(system)).isEqualTo(1);
        assertThat(system.isOpen(first)).isFalse();
        assertThat(system.isOpen(second)).isTrue();
    }

    @Test
    void setsDeadlineFromFirstByteToLast() {
        final byte[] bytes =
                VhostUserMessage.allocate().begin(SET_OWNER, VERSION, 0).bytes().toArray(ValueLayout.JAVA_BYTE);
        assertThat(assembler.deadlineNs()).isEqualTo(MessageAssembler.NO_DEADLINE);
        feed(bytes, 0, 1);
        assertThat(assembler.deadlineNs()).isEqualTo(105);
        feed(bytes, 1, HEADER_SIZE - 1);
        assertThat(assembler.deadlineNs()).isEqualTo(MessageAssembler.NO_DEADLINE);
    }
}
