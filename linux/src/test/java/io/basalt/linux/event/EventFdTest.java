package io.basalt.linux.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.OpenDescriptors;
import io.basalt.testkit.AllocationProbe;
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
    void awaitsASignal() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.await(0)).isFalse();
            event.signal();
            assertThat(event.await(10_000)).isTrue();
            event.drain();
            assertThat(event.await(0)).isFalse();
        }
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
