package io.basalt.linux.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxFileTest {
    private static final int CREATE = FileSpec.O_RDWR | FileSpec.O_CREAT;

    private final OpenDescriptors descriptors = new OpenDescriptors();

    @TempDir
    private Path directory = Path.of("");

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void readsWhatItWroteAndStopsAtTheEnd() {
        try (Arena arena = Arena.ofConfined();
                LinuxFile file = LinuxFile.open(directory.resolve("f"), CREATE, 0640)) {
            final MemorySegment text = arena.allocateFrom("written at an offset");
            assertThat(file.write(text, 1000)).isEqualTo(text.byteSize());
            final MemorySegment in = arena.allocate(100);
            assertThat(file.read(in, 1000)).isEqualTo(text.byteSize());
            assertThat(in.getString(0)).isEqualTo("written at an offset");
            assertThat(file.read(in, 5000)).isZero();
            assertThat(file.sync()).isZero();
            assertThat(file.truncate(4096)).isZero();
            assertThat(file.status().size()).isEqualTo(4096);
            assertThat(file.allocate(0, 4096, 4096)).isZero();
            assertThat(file.status().size()).isEqualTo(8192);
        }
    }

    @Test
    void namesThePathItCannotOpen() {
        final Path path = directory.resolve("missing");
        assertThatThrownBy(() -> LinuxFile.open(path, FileSpec.O_RDONLY, 0))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessageContaining(path.toString());
    }

    @Test
    void locksAgainstEveryOtherOpenOfThePath() {
        final Path path = directory.resolve("locked");
        try (LinuxFile first = LinuxFile.open(path, CREATE, 0600);
                LinuxFile second = LinuxFile.open(path, CREATE, 0600)) {
            assertThat(first.tryLock()).isZero();
            assertThat(first.tryLock()).isZero();
            assertThat(second.tryLock()).isEqualTo(-Errno.EAGAIN);
            assertThat(first.unlock()).isZero();
            assertThat(second.tryLock()).isZero();
        }
        try (LinuxFile third = LinuxFile.open(path, CREATE, 0600)) {
            assertThat(third.tryLock()).as("closing gives the lock back").isZero();
        }
    }

    @Test
    void sharesBytesAmongReadersAndNotWithAWriter() {
        final Path path = directory.resolve("shared");
        try (LinuxFile writer = LinuxFile.open(path, CREATE, 0600);
                LinuxFile one = LinuxFile.open(path, FileSpec.O_RDONLY, 0);
                LinuxFile other = LinuxFile.open(path, FileSpec.O_RDONLY, 0)) {
            assertThat(one.tryShare(100, 1)).isZero();
            assertThat(one.isLockedElsewhere(100, 1)).as("its own lock").isZero();
            assertThat(other.isLockedElsewhere(100, 1)).isEqualTo(1);
            assertThat(other.isLockedElsewhere(101, 1)).as("the byte beside").isZero();
            assertThat(other.tryShare(100, 2)).isZero();
            assertThat(writer.tryLock()).isEqualTo(-Errno.EAGAIN);
            assertThat(one.unlock()).isZero();
            assertThat(other.unlock()).isZero();
            assertThat(writer.tryLock()).isZero();
            assertThat(one.tryShare(7, 1)).isEqualTo(-Errno.EAGAIN);
        }
    }

    @Test
    void findsWhoHoldsALock() {
        final Path path = directory.resolve("held");
        try (LinuxFile holder = LinuxFile.open(path, CREATE, 0600);
                LinuxFile bystander = LinuxFile.open(path, FileSpec.O_RDONLY, 0)) {
            assertThat(LockHolder.of(path)).as("open, but not locked").isNull();
            assertThat(holder.tryLock()).isZero();
            final LockHolder found = Objects.requireNonNull(LockHolder.of(path), "this process holds it");
            assertThat(found.isSelf()).isTrue();
            assertThat(found.command()).isNotEmpty();
            assertThat(bystander.fd()).isNotNegative();
        }
        assertThat(LockHolder.of(path)).isNull();
        assertThat(LockHolder.of(directory.resolve("missing"))).isNull();
    }

    @Test
    void tellsKindSizeAndIdentity() throws Exception {
        final Path path = directory.resolve("f");
        try (LinuxFile file = LinuxFile.open(path, CREATE, 0600);
                LinuxFile same = LinuxFile.open(path, FileSpec.O_RDONLY, 0);
                LinuxFile folder = LinuxFile.open(directory, FileSpec.O_RDONLY | FileSpec.O_DIRECTORY, 0);
                LinuxFile zero = LinuxFile.open(Path.of("/dev/zero"), FileSpec.O_RDONLY, 0);
                UnixSocket.Pair pair = UnixSocket.pair();
                EventFd event = EventFd.create()) {
            final FileStatus status = file.status();
            assertThat(status.kind()).isEqualTo(FileStatus.Kind.REGULAR);
            assertThat(status.inode()).isEqualTo((Long) Files.getAttribute(path, "unix:ino"));
            assertThat(same.status()).isEqualTo(status);
            assertThat(folder.status().kind()).isEqualTo(FileStatus.Kind.DIRECTORY);
            assertThat(folder.status().device()).isEqualTo(status.device());
            assertThat(zero.status().kind()).isEqualTo(FileStatus.Kind.CHARACTER_DEVICE);
            assertThat(zero.status().specialDeviceName()).isEqualTo("1:5");
            assertThat(FileStatus.of(pair.left().fd()).kind()).isEqualTo(FileStatus.Kind.SOCKET);
            assertThat(FileStatus.of(event.fd()).kind()).isEqualTo(FileStatus.Kind.ANONYMOUS);
        }
        assertThatThrownBy(() -> FileStatus.of(1_000_000)).hasMessageContaining("EBADF");
    }

    @Test
    void tellsTheAlignmentOfDirectTransfersOrNothing() {
        try (LinuxFile file = LinuxFile.open(directory.resolve("f"), CREATE, 0600)) {
            final FileStatus status = file.status();
            for (final int alignment : List.of(status.directMemoryAlignment(), status.directOffsetAlignment())) {
                assertThat(alignment == 0 || Integer.bitCount(alignment) == 1).isTrue();
            }
        }
    }

    @Test
    void knowsMemoryFileSystems() {
        try (MemFd memory = MemFd.create("m", 4096);
                LinuxFile file = LinuxFile.open(Path.of("/proc/self/stat"), FileSpec.O_RDONLY, 0)) {
            final FileSystem fileSystem = FileSystem.of(memory.fd());
            assertThat(fileSystem.magic()).isEqualTo(FileSpec.TMPFS_MAGIC);
            assertThat(fileSystem.name()).isEqualTo("tmpfs");
            assertThat(fileSystem.blockBytes()).isEqualTo(4096);
            assertThat(FileSystem.of(file.fd()).name()).startsWith("0x");
            assertThat(FileSystem.hugetlbPageBytes(memory.fd())).isZero();
            assertThat(FileSystem.of(1_000_000)).isEqualTo(new FileSystem(0, 0));
        }
    }

    @Test
    void refusesToTakeAFileForABlockDevice() {
        try (LinuxFile file = LinuxFile.open(directory.resolve("f"), CREATE, 0600)) {
            final int fd = file.fd();
            assertThatThrownBy(() -> BlockDevice.of(fd)).hasMessageContaining("REGULAR");
        }
    }

    /// Reads facts only; no device is written to.
    @Test
    void tellsTheFactsOfABlockDeviceWhereOneIsReadable() throws Exception {
        final Path sys = Path.of("/sys/class/block");
        int tested = 0;
        if (Files.isDirectory(sys)) {
            try (var names = Files.newDirectoryStream(sys)) {
                for (final Path name : names) {
                    final Path device =
                            Path.of("/dev").resolve(name.getFileName().toString());
                    final long sectors = Long.parseLong(
                            Files.readString(name.resolve("size")).trim());
                    if (sectors > 0 && Files.isReadable(device) && factsHold(device, sectors * 512)) {
                        tested++;
                    }
                }
            }
        }
        System.out.println("block devices looked at: " + tested);
    }

    /// Answers false where this process may not open the device in spite of its permission bits, as in a
    /// container.
    private static boolean factsHold(Path path, long size) {
        final LinuxFile file;
        try {
            file = LinuxFile.open(path, FileSpec.O_RDONLY, 0);
        } catch (LinuxException e) {
            assertThat(e.errno()).as(String.valueOf(e.getMessage())).isIn(Errno.EPERM, Errno.EACCES);
            System.out.println("not tested: " + e.getMessage());
            return false;
        }
        try (file) {
            final BlockDevice device = BlockDevice.of(file.fd());
            assertThat(device.size()).isEqualTo(size);
            assertThat(Integer.bitCount(device.logicalSector())).isEqualTo(1);
            assertThat(device.logicalSector()).isGreaterThanOrEqualTo(512);
            assertThat(device.discardMax()).isNotNegative();
            return true;
        }
    }
}
