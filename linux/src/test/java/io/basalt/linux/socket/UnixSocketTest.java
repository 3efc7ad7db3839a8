package io.basalt.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.Errno;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.Syscall;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.process.ProcessControl;
import io.basalt.linux.process.ResourceLimit;
import io.basalt.linux.uring.UringSpec;
import io.basalt.testkit.AllocationProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Bytes and descriptors over a connected pair; every test ends with the descriptors it began with.
class UnixSocketTest {
    private static final int[] NONE = {};

    private final OpenDescriptors descriptors = new OpenDescriptors();
    private final UnixSocket.Pair pair = UnixSocket.pair();
    private final UnixSocket left = pair.left();
    private final UnixSocket right = pair.right();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(4096);

    @AfterEach
    void leavesNoDescriptorBehind() {
        pair.close();
        pair.close();
        arena.close();
        descriptors.assertUnchanged();
    }

    @Test
    void carriesBytesBothWays() {
        buffer.setString(0, "ping");
        assertThat(left.send(buffer, 0, 4)).isEqualTo(4);
        assertThat(right.receive(buffer, 100, 50, NONE)).isEqualTo(4);
        assertThat(buffer.getString(100)).isEqualTo("ping");
        assertThat(right.receivedFds()).isZero();
        buffer.setString(0, "pong");
        assertThat(right.send(buffer, 4, NONE, 0)).isEqualTo(4);
        assertThat(left.receive(buffer, 2, NONE)).isEqualTo(2);
        assertThat(left.receive(buffer, 10, NONE)).isEqualTo(2);
        assertThat(buffer.get(JAVA_BYTE, 1)).isEqualTo((byte) 'g');
    }

    @Test
    void answersAgainInsteadOfWaiting() {
        assertThat(right.receive(buffer, 10, NONE)).isEqualTo(-Errno.EAGAIN);
        int result;
        int sent = 0;
        while ((result = left.send(buffer, 0, 4096)) > 0) {
            sent += result;
        }
        assertThat(result).isEqualTo(-Errno.EAGAIN);
        assertThat(sent).isPositive();
    }

    @Test
    void tellsTheEndOfTheStreamFromABrokenOne() {
        left.close();
        assertThat(right.receive(buffer, 10, NONE)).isZero();
        assertThat(right.send(buffer, 0, 10)).isEqualTo(-Errno.EPIPE);
    }

    @Test
    void endsTheConnectionByShutdown() {
        assertThat(left.shutdown()).isZero();
        assertThat(right.receive(buffer, 10, NONE)).isZero();
        assertThat(left.isOpen()).isTrue();
    }

    @Test
    void waitsForBytes() {
        assertThat(right.await(UringSpec.POLLIN, 0)).isZero();
        assertThat(left.send(buffer, 0, 1)).isEqualTo(1);
        assertThat(right.await(UringSpec.POLLIN, 1000)).isEqualTo(UringSpec.POLLIN);
    }

    @Test
    void passesAWorkingDescriptor() {
        final int[] received = new int[8];
        try (EventFd event = EventFd.create()) {
            assertThat(left.send(buffer, 5, new int[] {event.fd()}, 1)).isEqualTo(5);
            assertThat(right.receive(buffer, 5, received)).isEqualTo(5);
            assertThat(right.receivedFds()).isEqualTo(1);
            assertThat(received[0]).isNotEqualTo(event.fd());
            EventFd.signal(received[0]);
            assertThat(event.drain()).isEqualTo(1);
            assertThat(FileDescriptor.close(received[0])).isZero();
        }
        assertThat(left.send(buffer, 0, 5)).isEqualTo(5);
        assertThat(right.receive(buffer, 5, received)).isEqualTo(5);
        assertThat(right.receivedFds()).isZero();
    }

    @Test
    void passesMemoryThatBothSidesSee() {
        final int[] received = new int[1];
        try (MemFd memory = MemFd.create("shared", 8192)) {
            assertThat(left.send(buffer, 1, new int[] {memory.fd()}, 1)).isEqualTo(1);
            assertThat(right.receive(buffer, 1, received)).isEqualTo(1);
            try (FileDescriptor other = FileDescriptor.adopt(received[0]);
                    Mapping ours = Mapping.ofFile(memory.fd(), 0, 8192, true);
                    Mapping theirs = Mapping.ofFile(other.number(), 4096, 4096, false)) {
                ours.segment().set(JAVA_BYTE, 4096 + 17, (byte) 99);
                assertThat(theirs.segment().get(JAVA_BYTE, 17)).isEqualTo((byte) 99);
            }
        }
    }

    @Test
    void closesReceivedDescriptorsOnExec() throws Exception {
        final int[] received = new int[1];
        try (EventFd event = EventFd.create()) {
            assertThat(left.send(buffer, 1, new int[] {event.fd()}, 1)).isEqualTo(1);
            assertThat(right.receive(buffer, 1, received)).isEqualTo(1);
            final String info = Files.readString(Path.of("/proc/self/fdinfo/" + received[0]));
            assertThat(info).containsPattern("flags:\\s+02\\d{6}");
            FileDescriptor.close(received[0]);
        }
    }

    @Test
    void passesAsManyDescriptorsAsAMessageHolds() {
        final int[] received = new int[UnixSocket.FDS_MAX];
        try (EventFd event = EventFd.create()) {
            final int[] sent = new int[UnixSocket.FDS_MAX];
            Arrays.fill(sent, event.fd());
            assertThat(left.send(buffer, 3, sent, sent.length)).isEqualTo(3);
            assertThat(right.receive(buffer, 10, received)).isEqualTo(3);
            assertThat(right.receivedFds()).isEqualTo(253);
            assertThat(Arrays.stream(received).distinct().count()).isEqualTo(253);
            for (final int fd : received) {
                EventFd.signal(fd);
                assertThat(FileDescriptor.close(fd)).isZero();
            }
            assertThat(event.drain()).isEqualTo(253);
        }
    }

    @Test
    void closesEveryDescriptorOfAMessageThatHasMoreThanThereIsRoomFor() {
        for (int room = 0; room < 4; room++) {
            final int[] received = new int[room];
            try (EventFd event = EventFd.create()) {
                final int[] sent = {event.fd(), event.fd(), event.fd(), event.fd()};
                final int before = OpenDescriptors.count();
                assertThat(left.send(buffer, 3, sent, 4)).isEqualTo(3);
                assertThat(right.receive(buffer, 3, received)).isEqualTo(-Errno.EMSGSIZE);
                assertThat(right.receivedFds()).isZero();
                assertThat(received).containsOnly(received.length == 0 ? new int[0] : new int[] {-1});
                assertThat(OpenDescriptors.count()).isEqualTo(before);
            }
        }
    }

    @Test
    void closesEveryDescriptorOfAMessageWhenTheProcessHasTooFewNumbersLeft() {
        final int[] received = new int[8];
        final ResourceLimit before = ResourceLimit.of(ResourceLimit.Resource.OPEN_FILES);
        try (EventFd event = EventFd.create();
                FileDescriptor highest = FileDescriptor.adopt(FileDescriptor.duplicate(event.fd()))) {
            // Numbers are given out lowest first: this leaves at most two for the message of eight.
            final int[] sent = new int[8];
            Arrays.fill(sent, event.fd());
            final int count = OpenDescriptors.count();
            assertThat(left.send(buffer, 3, sent, 8)).isEqualTo(3);
            new ResourceLimit(highest.number() + 3, before.hard()).apply(ResourceLimit.Resource.OPEN_FILES);
            final int result;
            try {
                result = right.receive(buffer, 3, received);
            } finally {
                before.apply(ResourceLimit.Resource.OPEN_FILES);
            }
            assertThat(result).isEqualTo(-Errno.EMSGSIZE);
            assertThat(right.receivedFds()).isZero();
            assertThat(OpenDescriptors.count()).isEqualTo(count);
        }
    }

    @Test
    void keepsDescriptorsWithTheFirstByteOfTheirMessage() {
        final int[] received = new int[4];
        try (EventFd event = EventFd.create()) {
            assertThat(left.send(buffer, 0, 10)).isEqualTo(10);
            assertThat(left.send(buffer, 10, new int[] {event.fd()}, 1)).isEqualTo(10);
            assertThat(right.receive(buffer, 10, received)).isEqualTo(10);
            assertThat(right.receivedFds()).isZero();
            assertThat(right.receive(buffer, 4, received)).isEqualTo(4);
            assertThat(right.receivedFds()).isEqualTo(1);
            FileDescriptor.close(received[0]);
            assertThat(right.receive(buffer, 6, received)).isEqualTo(6);
            assertThat(right.receivedFds()).isZero();
        }
    }

    @Test
    void answersAnErrorForADescriptorThatIsNotOpen() {
        assertThat(left.send(buffer, 1, new int[] {1_000_000}, 1)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void knowsItsPeer() {
        assertThat(left.peerCredentials().pid()).isEqualTo(ProcessControl.processId());
    }

    @Test
    void allocatesNothingPerMessage() {
        final int[] received = new int[2];
        try (EventFd event = EventFd.create()) {
            final int[] sent = {event.fd(), event.fd()};
            final Runnable pass = () -> {
                left.send(buffer, 20, sent, 2);
                right.receive(buffer, 20, received);
                FileDescriptor.close(received[0]);
                FileDescriptor.close(received[1]);
            };
            assertThat(AllocationProbe.bytesAllocated(20_000, pass)).isZero();
        }
    }

    @Test
    void tellsAUnixSocketFromOtherDescriptors() {
        final int internet = (int) Syscall.call(Syscall.SOCKET, 2, SocketSpec.SOCK_STREAM, 0);
        try (FileDescriptor other = FileDescriptor.adopt(internet);
                EventFd event = EventFd.create();
                UnixSocket.Pair pair = UnixSocket.pair()) {
            assertThat(UnixSocket.isUnixSocket(pair.left().fd())).isTrue();
            assertThat(UnixSocket.isUnixSocket(other.number())).isFalse();
            assertThat(UnixSocket.isUnixSocket(event.fd())).isFalse();
            assertThat(UnixSocket.isUnixSocket(1_000_000)).isFalse();
        }
    }
}
