package io.basalt.linux.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.Errno;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.Syscall;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.event.EventSpec;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.testkit.AllocationProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventBellTest {
    private static final long FULL = 0xffff_ffff_ffff_fffeL;
    private static final Duration BOUND = Duration.ofMinutes(2);

    private final OpenDescriptors descriptors = new OpenDescriptors();

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void addsOneToTheCountBeforeItReturns() {
        try (EventFd event = EventFd.create();
                EventBell bell = EventBell.open()) {
            assertThat(bell.attach(event.fd())).isZero();
            for (int signals = 1; signals < 40; signals++) {
                assertThat(bell.signal()).isTrue();
                assertThat(event.drain()).isEqualTo(1);
            }
            bell.signal();
            bell.signal();
            assertThat(event.drain()).isEqualTo(2);
        }
    }

    @Test
    void doesNotWaitForAPeerThatFillsTheCountOfABlockingEventFd() throws InterruptedException {
        try (FileDescriptor blocking = blockingEvent();
                EventBell bell = EventBell.open()) {
            fill(blocking.number());
            bell.attach(blocking.number());
            final Thread signaller = Thread.ofPlatform().daemon().start(() -> {
                for (int signals = 0; signals < 1000; signals++) {
                    bell.signal();
                }
            });
            assertThat(signaller.join(BOUND)).as("signals are over").isTrue();
            assertThat(take(blocking.number())).isEqualTo(-1);
            bell.signal();
            assertThat(take(blocking.number())).isEqualTo(1);
        }
    }

    @Test
    void doesNotWaitForAPeerThatClearsTheFlagAtThatMoment() throws InterruptedException {
        final AtomicBoolean over = new AtomicBoolean();
        try (FileDescriptor event = blockingEvent();
                EventBell bell = EventBell.open()) {
            fill(event.number());
            bell.attach(event.number());
            final Thread peer = Thread.ofPlatform().daemon().start(() -> {
                while (!over.get()) {
                    FileDescriptor.nonBlocking(event.number(), true);
                    FileDescriptor.nonBlocking(event.number(), false);
                }
            });
            final Thread signaller = Thread.ofPlatform().daemon().start(() -> {
                for (int signals = 0; signals < 50_000; signals++) {
                    bell.signal();
                }
            });
            assertThat(signaller.join(BOUND)).as("signals are over").isTrue();
            over.set(true);
            assertThat(peer.join(BOUND)).isTrue();
        }
    }

    @Test
    void wakesAWatcherThoughTheCountIsFull() {
        try (FileDescriptor blocking = blockingEvent();
                EventBell bell = EventBell.open();
                IoUring watcher = IoUring.create(4)) {
            fill(blocking.number());
            bell.attach(blocking.number());
            watcher.preparePollAdd(blocking.number(), UringSpec.POLLIN, true, 7);
            watcher.enter(1, IoUring.NO_TIMEOUT);
            watcher.advance(watcher.completionCount());
            bell.signal();
            watcher.enter(1, BOUND.toNanos());
            assertThat(watcher.completionCount()).isPositive();
            assertThat(watcher.completionUserData(0)).isEqualTo(7);
        }
    }

    @Test
    void severalThreadsSignalAtOnce() throws InterruptedException {
        try (EventFd event = EventFd.create();
                EventBell bell = EventBell.open()) {
            bell.attach(event.fd());
            final AtomicInteger lost = new AtomicInteger();
            final List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    for (int signals = 0; signals < 30_000; signals++) {
                        if (!bell.signal()) {
                            lost.incrementAndGet();
                        }
                    }
                }));
            }
            for (final Thread thread : threads) {
                assertThat(thread.join(BOUND)).isTrue();
            }
            assertThat(lost).hasValue(0);
            assertThat(event.drain()).isBetween(1L, 90_000L);
            assertThat(bell.signal()).isTrue();
            assertThat(event.drain()).isEqualTo(1);
        }
    }

    @Test
    void servesOneEventFdAfterTheOther() {
        try (EventFd first = EventFd.create();
                EventFd second = EventFd.create();
                EventBell bell = EventBell.open()) {
            assertThat(bell.detach()).isEqualTo(-Errno.ENXIO);
            assertThat(bell.attach(first.fd())).isZero();
            assertThat(bell.attach(second.fd())).isEqualTo(-Errno.EBUSY);
            bell.signal();
            assertThat(bell.detach()).isZero();
            bell.signal();
            assertThat(bell.attach(second.fd())).isZero();
            bell.signal();
            assertThat(first.drain()).isEqualTo(1);
            assertThat(second.drain()).isEqualTo(1);
        }
    }

    @Test
    void signalsAnEventFdWhoseNumberIsClosedHere() {
        try (EventFd event = EventFd.create();
                EventBell bell = EventBell.open()) {
            final int copy = FileDescriptor.duplicate(event.fd());
            bell.attach(copy);
            FileDescriptor.close(copy);
            bell.signal();
            assertThat(event.drain()).isEqualTo(1);
        }
    }

    @Test
    void attachesToNothingButAnEventFd() {
        try (EventBell bell = EventBell.open();
                MemFd memory = MemFd.create("no event", 4096);
                UnixSocket.Pair sockets = UnixSocket.pair()) {
            assertThat(bell.attach(memory.fd())).isEqualTo(-Errno.EINVAL);
            assertThat(bell.attach(sockets.left().fd())).isEqualTo(-Errno.EINVAL);
            assertThat(bell.attach(1_000_000)).isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void allocatesNothingPerSignal() {
        try (EventFd event = EventFd.create();
                EventBell bell = EventBell.open()) {
            bell.attach(event.fd());
            assertThat(AllocationProbe.bytesAllocated(100_000, bell::signal)).isZero();
            assertThat(event.drain()).isPositive();
        }
    }

    /// As a peer makes one that means harm.
    private static FileDescriptor blockingEvent() {
        return FileDescriptor.adopt((int) Syscall.call(Syscall.EVENTFD2, 0, EventSpec.EFD_CLOEXEC));
    }

    private static void fill(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment full = arena.allocateFrom(ValueLayout.JAVA_LONG, FULL);
            assertThat(Syscall.call(Syscall.WRITE, fd, full.address(), Long.BYTES))
                    .isEqualTo(Long.BYTES);
        }
    }

    private static long take(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
            assertThat(Syscall.call(Syscall.READ, fd, count.address(), Long.BYTES))
                    .isEqualTo(Long.BYTES);
            return count.get(ValueLayout.JAVA_LONG, 0);
        }
    }
}
