package io.basalt.gate.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Syscall;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Signal;
import io.basalt.testkit.AllocationProbe;
import io.basalt.virtio.vhostuser.RefusedException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostFdsTest {
    private static final long FULL = 0xffff_ffff_ffff_fffeL;
    private static final Duration BOUND = Duration.ofMinutes(2);

    private final int ownersBefore = FileDescriptor.openCount();
    private final ForeignFds foreign = new ForeignFds("test");
    private final HostFds fds = new HostFds(foreign);

    @AfterEach
    void leavesNothingOpen() throws InterruptedException {
        fds.release();
        final CountDownLatch closed = new CountDownLatch(1);
        foreign.whenClosed(closed::countDown);
        assertThat(closed.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(FileDescriptor.openCount()).isEqualTo(ownersBefore);
    }

    /// As it arrives from a front end that keeps its own descriptor.
    private static int sent(EventFd event) {
        return FileDescriptor.duplicate(event.fd());
    }

    private Signal accept(int fd) throws RefusedException {
        fds.requireEvent(fd);
        return fds.signal(fd);
    }

    @Test
    void raisesASignalWithoutWaitingForTheFrontEnd() throws RefusedException, InterruptedException {
        try (EventFd call = EventFd.create();
                Arena arena = Arena.ofConfined()) {
            final int fd = sent(call);
            final Signal signal = accept(fd);
            FileDescriptor.nonBlocking(call.fd(), false);
            final long full = arena.allocateFrom(ValueLayout.JAVA_LONG, FULL).address();
            assertThat(Syscall.call(Syscall.WRITE, call.fd(), full, Long.BYTES)).isEqualTo(Long.BYTES);
            final Thread reactor = Thread.ofPlatform().daemon().start(() -> {
                signal.raise();
                signal.raise();
            });
            assertThat(reactor.join(BOUND)).as("raised").isTrue();
            assertThat(call.drain()).isEqualTo(-1);
            signal.raise();
            assertThat(call.drain()).isEqualTo(1);
            fds.close(fd);
        }
    }

    @Test
    void leavesTheFlagsOfTheFrontEndsEventFdAlone() throws RefusedException {
        try (EventFd call = EventFd.create()) {
            FileDescriptor.nonBlocking(call.fd(), false);
            final int fd = sent(call);
            accept(fd).raise();
            final long flags = Syscall.call(Syscall.FCNTL, call.fd(), 3);
            assertThat(flags & 0x800).as("O_NONBLOCK").isZero();
            assertThat(call.drain()).isEqualTo(1);
            fds.close(fd);
        }
    }

    @Test
    void usesTheBellOfAnExchangedDescriptorAgain() throws RefusedException {
        try (EventFd call = EventFd.create()) {
            int old = sent(call);
            Signal signal = accept(old);
            int open = 0;
            for (int exchange = 0; exchange < 100; exchange++) {
                final int next = sent(call);
                signal = accept(next);
                fds.close(old);
                old = next;
                signal.raise();
                assertThat(call.drain()).isEqualTo(1);
                if (exchange == 0) {
                    open = FileDescriptor.openCount();
                }
            }
            assertThat(FileDescriptor.openCount()).isEqualTo(open);
            fds.close(old);
        }
    }

    @Test
    void refusesWhatIsNoEventFd() {
        try (MemFd memory = MemFd.create("no event", 4096);
                UnixSocket.Pair sockets = UnixSocket.pair()) {
            assertThatThrownBy(() -> fds.requireEvent(memory.fd()))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("not an eventfd");
            assertThatThrownBy(() -> fds.requireEvent(sockets.left().fd()))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("socket:");
        }
    }

    @Test
    void allocatesNothingPerSignal() throws RefusedException {
        try (EventFd call = EventFd.create()) {
            final int fd = sent(call);
            final Signal signal = accept(fd);
            assertThat(AllocationProbe.bytesAllocated(100_000, signal::raise)).isZero();
            fds.close(fd);
        }
    }
}
