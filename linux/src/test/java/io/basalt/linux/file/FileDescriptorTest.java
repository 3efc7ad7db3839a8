package io.basalt.linux.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.event.EventFd;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FileDescriptorTest {
    private final OpenDescriptors descriptors = new OpenDescriptors();

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void closesItsNumberOnceHoweverManyThreadsAsk() throws Exception {
        try (EventFd event = EventFd.create()) {
            for (int round = 0; round < 200; round++) {
                final FileDescriptor owner = FileDescriptor.adopt(FileDescriptor.duplicate(event.fd()));
                final CountDownLatch start = new CountDownLatch(1);
                final Thread other = Thread.ofPlatform().start(() -> {
                    start.countDown();
                    owner.close();
                });
                start.await();
                owner.close();
                // The number is given out again at once; a second close would hit this one.
                try (FileDescriptor next = FileDescriptor.adopt(FileDescriptor.duplicate(event.fd()))) {
                    other.join();
                    assertThat(FileStatus.of(next.number()).kind()).isEqualTo(FileStatus.Kind.ANONYMOUS);
                }
            }
        }
    }

    @Test
    void countsItsOwners() {
        final int before = FileDescriptor.openCount();
        final EventFd event = EventFd.create();
        assertThat(FileDescriptor.openCount()).isEqualTo(before + 1);
        try (FileDescriptor copy = FileDescriptor.adopt(FileDescriptor.duplicate(event.fd()));
                FileDescriptor second = copy.duplicate()) {
            assertThat(second.number()).isNotEqualTo(copy.number());
            assertThat(FileDescriptor.openCount()).isEqualTo(before + 3);
        }
        event.close();
        event.close();
        assertThat(FileDescriptor.openCount()).isEqualTo(before);
    }

    @Test
    void refusesItsNumberOnceClosedOrReleased() {
        try (EventFd event = EventFd.create()) {
            final FileDescriptor owner = FileDescriptor.adopt(FileDescriptor.duplicate(event.fd()));
            final int number = owner.release();
            assertThat(owner.isOpen()).isFalse();
            assertThatThrownBy(owner::number).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(owner::release).isInstanceOf(IllegalStateException.class);
            owner.close();
            assertThat(FileDescriptor.close(number))
                    .as("still open after release")
                    .isZero();
        }
    }

    @Test
    void switchesWaitingOffAndOn() {
        try (EventFd event = EventFd.create()) {
            assertThat(FileDescriptor.nonBlocking(event.fd(), false)).isZero();
            event.signal();
            assertThat(event.drain()).isEqualTo(1);
            assertThat(FileDescriptor.nonBlocking(event.fd(), true)).isZero();
            assertThat(event.drain()).isZero();
            assertThat(FileDescriptor.nonBlocking(1_000_000, true)).isEqualTo(-9);
        }
    }
}
