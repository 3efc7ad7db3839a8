package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.memory.MemorySpec;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.testkit.Await;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.VhostUserException;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a front end can do to a gate with real descriptors and real memory. Rows as numbered in the threat
/// catalogue.
class HostileFrontEndTest {
    private static final Duration BOUND = Duration.ofMinutes(2);
    private static final long MEMORY_BYTES = 4 << 20;

    /// Descriptors with each of so many messages: fewer in all than may wait to be closed, which are 512, for on a
    /// busy machine that happens late, and whoever sends more is hung up on.
    private static final int FDS_SENT = 40;

    private static final int MESSAGES = 12;

    @TempDir
    Path folder;

    private GateBox box;
    private Path socket;

    @BeforeEach
    void startGate() {
        box = new GateBox(folder.resolve("gate"));
        socket = box.ramDisk("disk");
    }

    @AfterEach
    void stopGate() {
        box.close();
    }

    @Test
    void row09RefusesMemoryThatIsNoMemoryFile() {
        try (LinuxFile zero = LinuxFile.open(Path.of("/dev/zero"), FileSpec.O_RDWR, 0);
                LinuxFile disk = LinuxFile.open(folder.resolve("f"), FileSpec.O_RDWR | FileSpec.O_CREAT, 0600);
                UnixSocket.Pair pair = UnixSocket.pair()) {
            disk.truncate(MEMORY_BYTES);
            assertThatMemoryIsRefused(zero.fd(), 0);
            assertThatMemoryIsRefused(disk.fd(), 0);
            assertThatMemoryIsRefused(pair.left().fd(), 0);
        }
        assertThatTheDiskStillWorks();
    }

    @Test
    void row09RefusesARegionBeyondTheFile() {
        try (MemFd file = MemFd.create("short", MEMORY_BYTES - 4096)) {
            assertThatMemoryIsRefused(file.fd(), 0);
            assertThatMemoryIsRefused(file.fd(), 4096);
        }
        assertThatTheDiskStillWorks();
    }

    @Test
    void row10SealsMemorySoThatItCannotBeTruncated() {
        try (MemFd file = MemFd.create("guest", MEMORY_BYTES);
                SocketTransport transport = SocketTransport.connect(socket, BOUND)) {
            connected(transport).memory(List.of(memory(file.fd(), 0)));

            assertThat(MemFd.seals(file.fd()) & MemorySpec.F_SEAL_SHRINK).isNotZero();
            assertThat(file.truncate(0)).isNegative();
        }
    }

    @Test
    void row10SurvivesMemoryThatIsTruncatedUnderARunningQueue() throws InterruptedException {
        // A tmpfs file takes no seals, so it can still be truncated.
        final Path path =
                Path.of("/dev/shm", "basalt-test-" + ProcessHandle.current().pid());
        try (LinuxFile file = LinuxFile.open(path, FileSpec.O_RDWR | FileSpec.O_CREAT, 0600)) {
            file.truncate(MEMORY_BYTES);
            final Thread load = Thread.ofPlatform().unstarted(() -> truncatedUnder(file));
            load.start();
            load.join();
        } finally {
            path.toFile().delete();
        }
        assertThatTheDiskStillWorks();
    }

    private void truncatedUnder(LinuxFile file) {
        try (SocketTransport transport = SocketTransport.connect(socket, BOUND)) {
            final VhostUserFrontEnd frontEnd = connected(transport);
            frontEnd.features(1L << VirtqueueSpec.VIRTIO_F_VERSION_1);
            frontEnd.memory(List.of(memory(file.fd(), 0)));
            frontEnd.startRing(new io.basalt.virtio.vhostuser.FrontEndRing(
                    0, 256, 0, 0x10000000L, 0x10000000L + 8192, 0x10000000L + 16384, -1, -1, -1, -1));
            frontEnd.enableRing(0, true);
            file.truncate(0);
            // The polling reactor finds out by itself, and the session is ended.
            Await.until("the session ends", BOUND, () -> box.sessions("disk").isEmpty());
        }
    }

    @Test
    void row11LeaksNeitherDescriptorsNorMemoryInAStormOfConnections() {
        assertThatTheDiskStillWorks();
        Await.until(
                "the last session is gone", BOUND, () -> box.sessions("disk").isEmpty());
        final Holdings before = Holdings.settled();
        try (MemFd file = MemFd.create("guest", MEMORY_BYTES)) {
            for (int i = 0; i < 100; i++) {
                try (SocketTransport transport = SocketTransport.connect(socket, BOUND)) {
                    if (i % 3 > 0) {
                        connected(transport).memory(List.of(memory(file.fd(), 0)));
                    }
                }
            }
        }
        Await.until(
                "the last session is gone", BOUND, () -> box.sessions("disk").isEmpty());
        before.awaitNoMore();
        assertThatTheDiskStillWorks();
    }

    @Test
    void row11ClosesDescriptorsThatAMessageDoesNotTake() {
        assertThatTheDiskStillWorks();
        Await.until(
                "the last session is gone", BOUND, () -> box.sessions("disk").isEmpty());
        final Holdings before = Holdings.settled();
        try (MemFd file = MemFd.create("extra", 4096);
                SocketTransport transport = SocketTransport.connect(socket, BOUND);
                Arena arena = Arena.ofConfined()) {
            final int[] fds = new int[FDS_SENT];
            java.util.Arrays.fill(fds, file.fd());
            final MemorySegment getFeatures = arena.allocate(12, 8);
            getFeatures.set(java.lang.foreign.ValueLayout.JAVA_INT, 0, VhostUserSpec.GET_FEATURES);
            getFeatures.set(java.lang.foreign.ValueLayout.JAVA_INT, 4, VhostUserSpec.VERSION);
            for (int i = 0; i < MESSAGES; i++) {
                transport.send(getFeatures, fds);
                transport.receive(arena.allocate(20), new int[UnixSocket.FDS_MAX]);
            }
        }
        before.awaitNoMore();
    }

    @Test
    void row15TakesTwoFrontEndsAndHangsUpOnAThird() {
        try (SocketTransport first = SocketTransport.connect(socket, BOUND);
                SocketTransport second = SocketTransport.connect(socket, BOUND)) {
            connected(first);
            connected(second);
            try (SocketTransport third = SocketTransport.connect(socket, BOUND)) {
                assertThatThrownBy(() -> connected(third)).isInstanceOf(IllegalStateException.class);
            }
            assertThat(box.sessions("disk")).hasSize(2);
        }
        assertThatTheDiskStillWorks();
    }

    private void assertThatMemoryIsRefused(int fd, long offset) {
        try (SocketTransport transport = SocketTransport.connect(socket, BOUND)) {
            final VhostUserFrontEnd frontEnd = connected(transport);
            assertThatThrownBy(() -> frontEnd.memory(List.of(memory(fd, offset))))
                    .isInstanceOfAny(VhostUserException.class, IllegalStateException.class);
        }
    }

    private static VhostUserFrontEnd connected(SocketTransport transport) {
        final VhostUserFrontEnd frontEnd = new VhostUserFrontEnd(transport);
        frontEnd.connect(VhostUserSpec.PROTOCOL_F_REPLY_ACK | VhostUserSpec.PROTOCOL_F_CONFIG, -1);
        assertThat(frontEnd.offered() >>> BlkSpec.VIRTIO_BLK_F_FLUSH & 1).isEqualTo(1);
        return frontEnd;
    }

    private static VhostUserFrontEnd.Memory memory(int fd, long offset) {
        return new VhostUserFrontEnd.Memory(new RegionDescription(0, MEMORY_BYTES, 0x10000000L, offset), fd);
    }

    private void assertThatTheDiskStillWorks() {
        try {
            GateBox.assertThatTheDiskWorks(socket);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
