package io.basalt.endtoend.fuzz;

import io.basalt.linux.Syscall;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.testkit.LingeringSocket;
import io.basalt.virtio.vhostuser.VhostUserException;
import io.basalt.virtio.vhostuser.VhostUserMessage;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/// A front end that shares descriptors in order to make the gate wait: call and error eventfds that block and are
/// full, sockets that linger when they are closed.
///
/// While it does, its own requests and the operator's must be answered; the neighbour's are the witness's to judge.
final class StallAttack implements Attack {
    private static final long FULL = 0xffff_ffff_ffff_fffeL;
    private static final long PAUSE_NS = 50_000;
    private static final int SOCKETS_MAX = 3;
    private static final int LOOKS_MAX = 20;

    private final FuzzedGate gate;
    private final Function<RandomGenerator, String> victims;

    /// @param victims draws the controller to go at
    StallAttack(FuzzedGate gate, Function<RandomGenerator, String> victims) {
        this.gate = gate;
        this.victims = victims;
    }

    @Override
    public void strike(RandomGenerator random) {
        if (Chance.oneIn(random, 3)) {
            linger(random);
        } else {
            block(random);
        }
    }

    // ---- eventfds

    private void block(RandomGenerator random) {
        try (GuestKit kit = new GuestKit(random, false);
                WireClient client = WireClient.tryConnect(gate.socket(victims.apply(random)))) {
            if (client == null) {
                return;
            }
            boolean taken = false;
            try (FrontEndSession session = new FrontEndSession(random, kit, client)) {
                session.agree(0);
                taken = true;
                session.start();
                fill(kit);
                try (Flags flags = new Flags(kit, random.nextBoolean())) {
                    flags.flicker();
                    session.serve();
                    exchangeCall(kit, session);
                    harm(random, session);
                    session.frontEnd().barrier();
                    gate.call("vhost_get_controllers", "{}");
                }
                requireCall(kit.call(0), session, client);
            } catch (VhostUserException refused) {
                // What is done to a damaged ring may be refused, in an answer.
            } catch (WireClient.HungUpException hungUp) {
                // Not taken: two others were there.
                if (taken) {
                    throw new AssertionError("the gate hangs up on a front end whose messages are right", hungUp);
                }
            }
        }
    }

    /// Breaks rings, so that errors are signalled.
    private static void harm(RandomGenerator random, FrontEndSession session) {
        for (int count = random.nextInt(8); count > 0; count--) {
            session.ring().damage(random);
            session.ring().kick().signal();
        }
    }

    /// Another call eventfd on a running ring makes the session itself signal, besides the ring's owner.
    private static void exchangeCall(GuestKit kit, FrontEndSession session) {
        final int index = session.ring().index();
        session.frontEnd()
                .eventFd(VhostUserSpec.SET_VRING_CALL, index, kit.error().fd());
        session.frontEnd()
                .eventFd(VhostUserSpec.SET_VRING_CALL, index, kit.call(index).fd());
        session.frontEnd().barrier();
    }

    /// With room in the counter again the next signal arrives.
    private static void requireCall(EventFd call, FrontEndSession session, WireClient client) {
        call.drain();
        session.frontEnd().eventFd(VhostUserSpec.SET_VRING_CALL, 0, call.fd());
        session.frontEnd().barrier();
        final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WireClient.ANSWER_BOUND_MS);
        while (call.drain() == 0 && !client.hungUp()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("a call does not arrive though its eventfd has been drained");
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private static void fill(GuestKit kit) {
        for (int queue = 0; queue < GuestKit.QUEUES_MAX; queue++) {
            fill(kit.call(queue));
        }
        fill(kit.error());
    }

    /// Fills what room there is, which is none if the gate has signalled in between.
    private static void fill(EventFd event) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment all = arena.allocateFrom(ValueLayout.JAVA_LONG, FULL);
            FileDescriptor.nonBlocking(event.fd(), true);
            event.drain();
            Syscall.call(Syscall.WRITE, event.fd(), all.address(), Long.BYTES);
            FileDescriptor.nonBlocking(event.fd(), false);
        }
    }

    /// The O_NONBLOCK flags of a kit's eventfds: cleared, or set and cleared all the time, until this is closed.
    private static final class Flags implements AutoCloseable {
        private final GuestKit kit;
        private final boolean flickering;
        private final Thread thread;
        private volatile boolean over;

        Flags(GuestKit kit, boolean flickering) {
            this.kit = kit;
            this.flickering = flickering;
            this.thread = Thread.ofPlatform().daemon().unstarted(this::run);
        }

        void flicker() {
            if (flickering) {
                thread.start();
            }
        }

        private void run() {
            while (!over) {
                all(true);
                all(false);
            }
        }

        private void all(boolean nonBlocking) {
            for (int queue = 0; queue < GuestKit.QUEUES_MAX; queue++) {
                FileDescriptor.nonBlocking(kit.call(queue).fd(), nonBlocking);
            }
            FileDescriptor.nonBlocking(kit.error().fd(), nonBlocking);
        }

        @Override
        public void close() {
            over = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            all(true);
        }
    }

    // ---- sockets

    /// Sends sockets that linger where descriptors are not wanted, behind a message that ends the session
    /// or not, so that the gate closes them last, read or unread.
    private void linger(RandomGenerator random) {
        final Path victim = gate.socket(victims.apply(random));
        try (LingeringSocket socket = LingeringSocket.open();
                WireClient before = WireClient.tryConnect(victim);
                WireClient client = WireClient.tryConnect(victim)) {
            // Whoever is served first keeps the other one's messages unread.
            if (before == null || client == null || !send(random, client, socket.fd())) {
                return;
            }
            socket.give();
            before.hangUp();
            if (random.nextBoolean()) {
                client.hangUp();
            }
            for (int looks = random.nextInt(1, LOOKS_MAX); looks > 0; looks--) {
                gate.call("spdk_get_version", "{}");
            }
            gate.call("vhost_get_controllers", "{}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean send(RandomGenerator random, WireClient client, int fd) {
        if (random.nextBoolean() && !client.trySend(new byte[VhostUserSpec.HEADER_SIZE], new int[0])) {
            return false;
        }
        for (int count = random.nextInt(1, SOCKETS_MAX + 1); count > 0; count--) {
            if (!client.trySend(message().toArray(ValueLayout.JAVA_BYTE), new int[] {fd})) {
                return false;
            }
        }
        return true;
    }

    private static MemorySegment message() {
        return VhostUserMessage.allocate()
                .begin(VhostUserSpec.SET_LOG_FD, VhostUserSpec.VERSION, 0)
                .bytes();
    }
}
