package io.basalt.simulation;

import io.basalt.gate.handover.HandoverSocket;
import io.basalt.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// One end of a simulated Unix socket between two processes: holds few bytes, so that messages go out in
/// pieces and are cut short when their sender dies; what was sent is there at once, and the other side
/// learns of it a moment later.
final class SimHandoverSocket implements HandoverSocket, Descriptors.OpenFile {
    private final World world;
    private final Descriptors descriptors;
    private final SimRandom random;
    private final SimProcess process;
    private final SimReactor reactor;
    private final int capacity;
    private final long delayNs;
    private final Deque<Chunk> incoming = new ArrayDeque<>();
    private int incomingBytes;
    private int receivedFds;
    private int fd;
    private boolean isClosed;
    private boolean isReset;

    private @Nullable SimHandoverSocket peer;

    /// Bytes that were sent at once, with the descriptors that travel with the first.
    private static final class Chunk {
        final byte[] bytes;
        int[] fds;
        int read;

        Chunk(byte[] bytes, int[] fds) {
            this.bytes = bytes;
            this.fds = fds;
        }
    }

    /// Two ends that are connected.
    record Pair(SimHandoverSocket left, SimHandoverSocket right) {}

    private SimHandoverSocket(
            World world,
            Descriptors descriptors,
            SimRandom random,
            SimProcess process,
            SimReactor reactor,
            int capacity,
            long delayNs) {
        this.world = world;
        this.descriptors = descriptors;
        this.random = random;
        this.process = process;
        this.reactor = reactor;
        this.capacity = capacity;
        this.delayNs = delayNs;
        fd = descriptors.open(process, this);
    }

    /// @param capacity bytes that wait at an end at most
    /// @param delayNs longest time until an end learns of what the other has done
    static Pair pair(
            World world,
            Descriptors descriptors,
            SimRandom random,
            GateProcess left,
            GateProcess right,
            int capacity,
            long delayNs) {
        final SimHandoverSocket one =
                new SimHandoverSocket(world, descriptors, random, left.process(), left.control(), capacity, delayNs);
        final SimHandoverSocket other =
                new SimHandoverSocket(world, descriptors, random, right.process(), right.control(), capacity, delayNs);
        one.peer = other;
        other.peer = one;
        return new Pair(one, other);
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount) {
        final SimHandoverSocket to = peer;
        if (to == null || to.isClosed) {
            return -Errno.EPIPE;
        }
        final int room = capacity - to.incomingBytes;
        if (room <= 0) {
            return -Errno.EAGAIN;
        }
        final int count = Math.min(length, room);
        final byte[] bytes = new byte[count];
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, offset, bytes, 0, count);
        final int[] own = new int[fdCount];
        for (int index = 0; index < fdCount; index++) {
            own[index] = descriptors.duplicate(null, fds[index]);
        }
        to.incoming.add(new Chunk(bytes, own));
        to.incomingBytes += count;
        to.tell();
        return count;
    }

    @Override
    public int receive(MemorySegment buffer, int length, int[] fdsOut) {
        receivedFds = 0;
        final Chunk first = incoming.peekFirst();
        if (first == null) {
            final SimHandoverSocket from = peer;
            if (from == null || !from.isClosed) {
                return -Errno.EAGAIN;
            }
            return isReset ? -Errno.ECONNRESET : 0;
        }
        for (final int each : first.fds) {
            fdsOut[receivedFds++] = descriptors.duplicate(process, each);
            descriptors.close(each);
        }
        first.fds = new int[0];
        final int count = Math.min(length, first.bytes.length - first.read);
        MemorySegment.copy(first.bytes, first.read, buffer, ValueLayout.JAVA_BYTE, 0, count);
        first.read += count;
        if (first.read == first.bytes.length) {
            incoming.removeFirst();
        }
        incomingBytes -= count;
        if (peer != null) {
            peer.tell();
        }
        return count;
    }

    @Override
    public int receivedFds() {
        return receivedFds;
    }

    @Override
    public int duplicate(int other) {
        return descriptors.duplicate(process, other);
    }

    @Override
    public void closeFd(int other) {
        descriptors.close(other);
    }

    @Override
    public void close() {
        if (!isClosed) {
            descriptors.close(fd);
        }
    }

    /// The process has closed it, or has died.
    @Override
    public void closed() {
        isClosed = true;
        final boolean unread = !incoming.isEmpty();
        for (final Chunk each : incoming) {
            for (final int lost : each.fds) {
                descriptors.close(lost);
            }
        }
        incoming.clear();
        if (peer != null && !peer.isClosed) {
            peer.isReset = unread;
            peer.tell();
        }
    }

    private void tell() {
        if (!isClosed) {
            world.after(random.between(0, delayNs), () -> {
                if (!isClosed && !process.hasEnded()) {
                    reactor.signal(fd);
                }
            });
        }
    }
}
