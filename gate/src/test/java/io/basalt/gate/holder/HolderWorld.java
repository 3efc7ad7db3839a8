package io.basalt.gate.holder;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.handover.HandEngine;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.OtherFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.SameFront;
import io.basalt.gate.handover.HandoverSocket;
import io.basalt.linux.Errno;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import io.basalt.virtio.vhostuser.SessionImage;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A holder and gates on one reactor, with real sockets between them, and front ends that are one socket each.
final class HolderWorld implements AutoCloseable {
    static final long S_NS = 1_000_000_000L;

    final ManualClock clock = new ManualClock(S_NS);
    final Reactor control = new Reactor(
            ReactorConfiguration.of("test", 0),
            clock::nanoTime,
            new HandEngine(),
            () -> true,
            (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    private final MemFd marksFile = MemFd.create("marks", Marks.BYTES);
    private final Mapping mapping = Mapping.ofFile(marksFile.fd(), 0, Marks.BYTES, true);
    Holder holder;
    boolean holderIsThere = true;

    /// What a service manager keeps.
    final Map<String, Integer> kept = new TreeMap<>();

    private Holder newHolder() {
        return holder(Marks.create(mapping.segment()));
    }

    private Holder holder(Marks marks) {
        return new Holder(control, marks, marksFile.fd(), FileDescriptor::close, new Depository() {
            @Override
            public void put(String name, int fd) {
                final Integer before = kept.put(name, FileDescriptor.duplicate(fd));
                assertThat(before).as(name).isNull();
            }

            @Override
            public void remove(String name) {
                final Integer fd = kept.remove(name);
                FileDescriptor.close(Objects.requireNonNull(fd, name));
            }
        });
    }

    void holderDies() {
        holder.close();
        holderIsThere = false;
        settle();
    }

    /// The service manager starts the holder again, with what it has kept.
    void holderComesBack() {
        final Map<String, Integer> given = new TreeMap<>();
        kept.forEach((name, fd) -> given.put(name, FileDescriptor.duplicate(fd)));
        holder = holder(Marks.open(mapping.segment()));
        holder.restore(given);
        holderIsThere = true;
        settle();
    }

    HolderWorld() {
        holder = newHolder();
    }

    /// A holder that nobody has kept anything for.
    void restartHolder() {
        holder.close();
        kept.values().forEach(FileDescriptor::close);
        kept.clear();
        holder = newHolder();
        holderIsThere = true;
    }

    void settle() {
        for (int pass = 0; pass < 20; pass++) {
            control.runOnce();
        }
    }

    void pass(long ns) {
        clock.advance(ns);
        settle();
    }

    /// A gate that is asked to stand by.
    TestGate gate() {
        return new TestGate();
    }

    /// A gate with disks, that does to them nothing but remember what it was told to.
    final class TestGate implements Standby.Target, HolderLink.Source {
        final List<String> outcomes = new ArrayList<>();
        private final UnixSocket.Pair life = UnixSocket.pair();
        private final List<MortalSocket> ways = new ArrayList<>();
        final HolderLink link =
                new HolderLink(control, this::connect, "1.2.3", 1, life.right().fd());
        final Standby standby = new Standby(control, this, (state, reason) -> outcomes.add(state + " " + reason));
        final List<String> done = new ArrayList<>();
        /// Front ends by disk, of the disks that this gate serves.
        final Map<String, UnixSocket> fronts = new TreeMap<>();

        boolean inflight = true;
        boolean stands;
        private boolean dead;

        boolean enlist() {
            final boolean there = link.standBy(standby, () -> stands = true);
            settle();
            return there;
        }

        private @Nullable HandoverSocket connect() {
            if (!holderIsThere || dead) {
                return null;
            }
            final UnixSocket.Pair pair = UnixSocket.pair();
            final MortalSocket way = new MortalSocket(pair.left());
            ways.add(way);
            holder.connected(HandoverSocket.of(pair.right()));
            return way;
        }

        void serve(String... disks) {
            for (final String disk : disks) {
                link.of(disk);
            }
            names.addAll(List.of(disks));
            link.serve(this);
            settle();
        }

        final List<String> names = new ArrayList<>();

        /// A front end connects, and says something that is kept.
        UnixSocket frontEnd(String disk) {
            final UnixSocket.Pair pair = UnixSocket.pair();
            fronts.put(disk, pair.left());
            link.of(disk).hears();
            keep(disk);
            settle();
            return pair.right();
        }

        /// SIGKILL: nothing is said any more; descriptors go first, and rings later.
        void dies() {
            dead = true;
            ways.forEach(MortalSocket::die);
            fronts.values().forEach(UnixSocket::close);
            life.right().close();
            settle();
        }

        void ringsEnd() {
            life.left().close();
            settle();
        }

        @Override
        public Prepare base() {
            return new Prepare(
                    "{}",
                    life.right().fd(),
                    life.right().fd(),
                    List.of(),
                    names.stream()
                            .map(name -> new DiskImage(name, -1, -1, null))
                            .toList());
        }

        @Override
        public boolean canOutlive(String disk) {
            return !disk.startsWith("ram");
        }

        @Override
        public void keep(String disk) {
            final UnixSocket front = fronts.get(disk);
            link.of(disk)
                    .keep(
                            true,
                            front == null ? -1 : front.fd(),
                            front == null ? null : session(),
                            () -> done.add("kept " + disk));
        }

        private SessionImage session() {
            return new SessionImage(
                    0,
                    0,
                    0,
                    false,
                    false,
                    false,
                    -1,
                    List.of(),
                    inflight ? new SessionImage.Inflight(0, 1, 1, life.right().fd()) : null,
                    null,
                    List.of(new SessionImage.RingImage(0, 1, true, 0, 0, 0, -1, 0, true, true, -1, -1, -1)));
        }

        @Override
        public void prepare(Prepare base, Consumer<@Nullable String> prepared) {
            Held.descriptors(base).forEach(FileDescriptor::close);
            base.disks().forEach(disk -> names.add(disk.name()));
            done.add("prepare");
            prepared.accept(null);
        }

        @Override
        public void replace(DiskImage image, Consumer<@Nullable String> replaced) {
            adopt(image.name(), image.connection(), image.session());
            done.add("replace " + image.name());
            replaced.accept(null);
        }

        private void adopt(String disk, int connection, @Nullable SessionImage session) {
            if (session != null) {
                session.descriptors().forEach(FileDescriptor::close);
            }
            final UnixSocket before = fronts.remove(disk);
            if (before != null) {
                before.close();
            }
            if (connection >= 0) {
                fronts.put(disk, UnixSocket.adopt(connection));
            }
        }

        @Override
        public void take(List<DiskState> disks, Consumer<List<String>> taken) {
            for (final DiskState disk : disks) {
                switch (disk.front()) {
                    case NoFront _ -> {
                        adopt(disk.name(), -1, null);
                        done.add("no front " + disk.name());
                    }
                    case SameFront _ -> done.add("same " + disk.name());
                    case OtherFront other -> {
                        adopt(disk.name(), other.connection(), other.session());
                        done.add("other " + disk.name());
                    }
                }
            }
            taken.accept(List.of());
        }

        @Override
        public void begin() {
            done.add("begin");
            link.serve(this);
        }

        @Override
        public void abandon() {
            done.add("abandon");
            fronts.values().forEach(UnixSocket::close);
            fronts.clear();
        }
    }

    /// A gate's end of the way to the holder: when the gate is killed, it is closed, and the gate is not told.
    private static final class MortalSocket implements HandoverSocket {
        private final UnixSocket socket;
        private final int number;

        MortalSocket(UnixSocket socket) {
            this.socket = socket;
            this.number = socket.fd();
        }

        void die() {
            socket.close();
        }

        @Override
        public int fd() {
            return number;
        }

        @Override
        public int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount) {
            return socket.isOpen() ? socket.send(buffer, offset, length, fds, fdCount) : -Errno.EAGAIN;
        }

        @Override
        public int receive(MemorySegment buffer, int length, int[] fdsOut) {
            return socket.isOpen() ? socket.receive(buffer, length, fdsOut) : -Errno.EAGAIN;
        }

        @Override
        public int receivedFds() {
            return socket.receivedFds();
        }

        @Override
        public int duplicate(int fd) {
            return FileDescriptor.duplicate(fd);
        }

        @Override
        public void closeFd(int fd) {
            FileDescriptor.close(fd);
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    @Override
    public void close() {
        holder.close();
        kept.values().forEach(FileDescriptor::close);
        mapping.close();
        marksFile.close();
    }
}
