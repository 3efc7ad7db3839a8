package io.basalt.gate.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.testkit.LingeringSocket;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ForeignFdsTest {
    private static final long BOUND_S = 120;

    private static int given(LingeringSocket socket) throws IOException {
        final int fd = FileDescriptor.duplicate(socket.fd());
        socket.give();
        return fd;
    }

    @Test
    @Timeout(300)
    void keepsNobodyWaitingForASocketThatLingers() throws IOException, InterruptedException {
        final ForeignFds foreign = new ForeignFds("test");
        final CountDownLatch closed = new CountDownLatch(1);
        try (LingeringSocket socket = LingeringSocket.open()) {
            foreign.close(given(socket));
            foreign.whenClosed(closed::countDown);
            assertThat(closed.await(200, TimeUnit.MILLISECONDS))
                    .as("a socket that lingers is closed at once: this test shows nothing")
                    .isFalse();
        }
        assertThat(closed.await(BOUND_S, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    @Timeout(300)
    void isCrowdedWhileMoreWaitsThanIsAllowed() throws IOException, InterruptedException {
        final ForeignFds foreign = new ForeignFds("test");
        final CountDownLatch closed = new CountDownLatch(1);
        try (LingeringSocket socket = LingeringSocket.open();
                EventFd event = EventFd.create()) {
            foreign.close(given(socket));
            // The socket waits with them, or is being closed already.
            for (int i = 0; i < ForeignFds.BACKLOG_MAX - 1; i++) {
                foreign.close(FileDescriptor.duplicate(event.fd()));
            }
            assertThat(foreign.isCrowded()).isFalse();
            foreign.close(FileDescriptor.duplicate(event.fd()));
            foreign.close(FileDescriptor.duplicate(event.fd()));
            assertThat(foreign.isCrowded()).isTrue();
            foreign.whenClosed(closed::countDown);
        }
        assertThat(closed.await(BOUND_S, TimeUnit.SECONDS)).isTrue();
        assertThat(foreign.isCrowded()).isFalse();
    }

    @Test
    @Timeout(300)
    void runsACommandAtOnceWhenNothingWaits() throws InterruptedException {
        final ForeignFds foreign = new ForeignFds("test");
        for (int round = 0; round < 100; round++) {
            final CountDownLatch closed = new CountDownLatch(1);
            foreign.close(EventFd.create().fd());
            foreign.whenClosed(closed::countDown);
            assertThat(closed.await(BOUND_S, TimeUnit.SECONDS)).isTrue();
        }
        final Thread[] ran = new Thread[1];
        new ForeignFds("idle").whenClosed(() -> ran[0] = Thread.currentThread());
        assertThat(ran[0]).isSameAs(Thread.currentThread());
    }
}
