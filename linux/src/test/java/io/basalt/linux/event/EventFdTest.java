package io.basalt.linux.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.testkit.AllocationProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventFdTest {
    private final OpenDescriptors descriptors = new OpenDescriptors();

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void addsUpSignalsUntilDrained() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isZero();
            event.signal();
            event.signal();
            EventFd.signal(event.fd());
            assertThat(event.drain()).isEqualTo(3);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void doesNotWaitWhenAHostilePeerFilledTheCount() {
        final int blocking = (int) Syscall.call(Syscall.EVENTFD2, 0, EventSpec.EFD_CLOEXEC);
        try (EventFd event = EventFd.adopt(blocking);
                Arena arena = Arena.ofConfined()) {
            final long full = 0xffff_ffff_ffff_fffeL;
            final long address = arena.allocateFrom(ValueLayout.JAVA_LONG, full).address();
            assertThat(Syscall.call(Syscall.WRITE, blocking, address, Long.BYTES))
                    .isEqualTo(8);
            event.signal();
            assertThat(event.drain()).isEqualTo(full);
        }
    }

    @Test
    void refusesADescriptorThatIsNotOpen() {
        final int before = FileDescriptor.openCount();
        assertThatThrownBy(() -> EventFd.adopt(1_000_000)).hasMessageContaining("EBADF");
        assertThat(FileDescriptor.openCount()).isEqualTo(before);
    }

    @Test
    void allocatesNothingPerSignal() {
        try (EventFd event = EventFd.create()) {
            final Runnable pass = () -> {
                event.signal();
                assert event.drain() == 1;
            };
            assertThat(AllocationProbe.bytesAllocated(100_000, pass)).isZero();
        }
    }
}
