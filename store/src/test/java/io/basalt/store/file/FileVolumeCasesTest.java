package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.linux.Errno;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.store.TestBench;
import io.basalt.store.TestMemory;
import io.basalt.store.TestReactor;
import io.basalt.store.TestRequest;
import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;
import io.basalt.store.file.FileCounters.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is particular to files: their ends, locks, refusals, and the kernel's errors.
class FileVolumeCasesTest {
    @TempDir
    Path directory = Path.of("");

    private Path file(long bytes) {
        final Path path = directory.resolve("disk.raw");
        FileVolumeContract.truncate(path, bytes);
        return path;
    }

    private FileOptions options(long bytes) {
        return FileOptions.of("file0", file(bytes));
    }

    @Test
    void readsZerosPastTheEndOfAFileThatDoesNotFillItsLastBlock() throws IOException {
        for (final boolean direct : new boolean[] {true, false}) {
            for (final int blockSize : new int[] {512, 4096}) {
                final Path path = file(0);
                Files.write(path, TestBench.filled(10_001, 7));
                final FileOptions options =
                        FileOptions.of("odd", path).withDirect(direct).withBlockSize(blockSize);
                try (TestBench b = new TestBench(FileVolume.open(options))) {
                    final int size = (int) b.volume().sizeBytes();
                    assertThat(size).isEqualTo((10_001 + blockSize - 1) / blockSize * blockSize);
                    b.memory().wipe();
                    final byte[] bytes = b.read(0, size);
                    assertThat(Arrays.copyOf(bytes, 10_001)).isEqualTo(TestBench.filled(10_001, 7));
                    assertThat(Arrays.copyOfRange(bytes, 10_001, size)).containsOnly(0);
                    assertThat(((FileVolume) b.volume()).counters().of(Event.PAST_END))
                            .isEqualTo(1);
                    assertThat(b.write(size - blockSize, TestBench.filled(blockSize, 9)))
                            .isEqualTo(BlockStatus.OK);
                    assertThat(b.read(size - blockSize, blockSize)).isEqualTo(TestBench.filled(blockSize, 9));
                }
            }
        }
    }

    @Test
    void failsReadsOfAFileThatWasCutUnderIt() {
        try (TestBench b = new TestBench(FileVolume.open(options(1 << 20)))) {
            FileVolumeContract.truncate(directory.resolve("disk.raw"), 4096);
            assertThat(b.run(BlockOperation.READ, 0, 4096)).isEqualTo(BlockStatus.OK);
            assertThat(b.run(BlockOperation.READ, 8192, 4096)).isEqualTo(BlockStatus.IO_ERROR);
            assertThatThrownBy(() -> ((FileVolume) b.volume()).rescan())
                    .isInstanceOf(VolumeException.class)
                    .hasMessageContaining("shrunk");
            FileVolumeContract.truncate(directory.resolve("disk.raw"), 1 << 20);
        }
    }

    @Test
    void seesAFileThatSomethingElseHasGrown() {
        try (TestBench b = new TestBench(FileVolume.open(options(1 << 20)))) {
            final FileVolume volume = (FileVolume) b.volume();
            assertThat(volume.rescan()).isFalse();
            FileVolumeContract.truncate(directory.resolve("disk.raw"), 2 << 20);
            assertThat(volume.sizeBytes()).isEqualTo(1 << 20);
            assertThat(volume.rescan()).isTrue();
            assertThat(volume.sizeBytes()).isEqualTo(2 << 20);
            assertThat(b.write((2 << 20) - 4096, TestBench.filled(4096, 1))).isEqualTo(BlockStatus.OK);
        }
    }

    @Test
    void refusesWhatCannotBeAVolume() throws IOException {
        assertRefused(FileOptions.of("f", directory.resolve("missing")), Kind.NOT_FOUND, "does not exist");
        assertRefused(FileOptions.of("f", directory), Kind.INVALID, "neither a regular file nor");
        assertRefused(FileOptions.of("f", Path.of("/dev/null")), Kind.INVALID, "neither a regular file nor");
        assertRefused(options(0), Kind.INVALID, "smaller than a block");
        assertRefused(options(8192).withBlockSize(1000), Kind.INVALID, "block_size");
        // The refused opens have let go of the file.
        FileVolume.open(options(8192)).close();
    }

    private static void assertRefused(FileOptions options, Kind kind, String text) {
        assertThatThrownBy(() -> FileVolume.open(options))
                .hasMessageContaining(text)
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    @Test
    void worksBufferedWhereWholeDeviceBlocksWouldOutgrowTheFile() {
        final FileOptions options = options(4096 + 512);
        try (TestBench b = new TestBench(FileVolume.open(options, UringDeviceQueue::open, 4096))) {
            assertThat(((FileVolume) b.volume()).path().direct()).isFalse();
            assertThat(((FileVolume) b.volume()).describe()).contains("not a multiple of the device's 4096");
            assertThat(b.write(4096, TestBench.filled(512, 1))).isEqualTo(BlockStatus.OK);
            assertThat(((FileVolume) b.volume()).rescan()).isFalse();
        }
    }

    @Test
    void answersNoSpaceWhenTheDeviceIsFull() {
        try (TestBench b = new TestBench(FileVolume.open(options(1 << 20), FaultyQueue.answering(Errno.ENOSPC), 1))) {
            assertThat(b.write(0, new byte[4096])).isEqualTo(BlockStatus.NO_SPACE);
            assertThat(b.run(BlockOperation.WRITE_ZEROES, 0, 4096)).isEqualTo(BlockStatus.NO_SPACE);
        }
    }

    @Test
    void givesUpOnADeviceThatOnlySaysAgain() {
        try (TestBench b = new TestBench(FileVolume.open(options(1 << 20), FaultyQueue.answering(Errno.EAGAIN), 1))) {
            assertThat(b.run(BlockOperation.READ, 0, 4096)).isEqualTo(BlockStatus.IO_ERROR);
            assertThat(((FileVolume) b.volume()).counters().of(Event.RETRIED)).isGreaterThan(100);
        }
    }

    @Test
    void failsEveryFlushOfABufferedFileAfterOneFailed() {
        final FileOptions options = options(1 << 20).withDirect(false);
        try (TestBench b = new TestBench(FileVolume.open(options, FaultyQueue.answering(Errno.EIO), 1))) {
            assertThat(((FileVolume) b.volume()).writesLost()).isFalse();
            assertThat(b.run(BlockOperation.FLUSH, 0, 0)).isEqualTo(BlockStatus.IO_ERROR);
            assertThat(((FileVolume) b.volume()).writesLost()).isTrue();
            assertThat(b.request().ask(BlockOperation.FLUSH, 0, 0).submit(b.channel()))
                    .isEqualTo(BlockStatus.IO_ERROR);
        }
    }

    @Test
    void waitsInOrderWhenAllTransfersAreTaken() {
        try (TestBench b = new TestBench(FileVolume.open(options(4 << 20)))) {
            final List<TestRequest> requests = new ArrayList<>();
            for (int i = 0; i < FileVolumeChannel.TRANSFER_COUNT + 100; i++) {
                final TestRequest request = new TestRequest();
                request.piece(b.memory(), 0, 0, 512).ask(BlockOperation.READ, i * 512L, 512);
                assertThat(request.submit(b.channel())).isEqualTo(BlockStatus.PENDING);
                requests.add(request);
            }
            assertThat(((FileVolume) b.volume()).counters().of(Event.WAITED)).isEqualTo(100);
            assertThat(b.channel().inFlight()).isEqualTo(FileVolumeChannel.TRANSFER_COUNT + 100);
            b.reactor().until("all end", () -> requests.stream().allMatch(TestRequest::ended));
            assertThat(requests).allMatch(request -> request.status() == BlockStatus.OK);
        }
    }

    @Test
    void keepsNeighboursOfTwoReactorsInOneDeviceBlock() {
        try (TestReactor first = new TestReactor(0, 64);
                TestReactor second = new TestReactor(1, 64);
                TestMemory memory = new TestMemory(1);
                FileVolume volume = FileVolume.open(options(1 << 20), UringDeviceQueue::open, 4096)) {
            final List<VolumeChannel> channels =
                    List.of(volume.openChannel(first.reactor()), volume.openChannel(second.reactor()));
            final List<TestRequest> requests = new ArrayList<>();
            for (int i = 0; i < 512; i++) {
                memory.table().segment(0).asSlice(i * 512L, 512).fill((byte) (i % 100 + 1));
                final TestRequest request = new TestRequest();
                request.piece(memory, 0, i * 512L, 512).ask(BlockOperation.WRITE, i * 512L, 512);
                request.submit(channels.get(i % 2));
                requests.add(request);
            }
            first.until("all end", () -> {
                second.reactor().runOnce();
                return requests.stream().allMatch(TestRequest::ended);
            });
            assertThat(volume.counters().of(Event.READ_MODIFY_WRITE)).isGreaterThanOrEqualTo(512);
            final TestRequest read = new TestRequest();
            read.piece(memory, 0, 1 << 20, 512 * 512)
                    .ask(BlockOperation.READ, 0, 512 * 512)
                    .submit(channels.get(0));
            first.until("read ends", read::ended);
            final byte[] bytes = TestMemory.load(read.data());
            for (int i = 0; i < 512; i++) {
                assertThat(bytes[i * 512]).as("block %d", i).isEqualTo((byte) (i % 100 + 1));
            }
            channels.forEach(VolumeChannel::close);
        }
    }

    @Test
    void registersTheMemoryOnceForAllChannelsAndWorksWithoutRegistration() throws IOException {
        final Path backing = directory.resolve("memory");
        Files.write(backing, new byte[8192]);
        try (TestReactor reactor = new TestReactor(0, 64);
                io.basalt.linux.file.LinuxFile memoryFile =
                        io.basalt.linux.file.LinuxFile.open(backing, io.basalt.linux.file.FileSpec.O_RDWR, 0);
                Mapping unpinnable = Mapping.ofFile(memoryFile.fd(), 0, 8192, true);
                TestMemory memory = new TestMemory(2);
                FileVolume volume = FileVolume.open(options(1 << 20))) {
            final VolumeChannel one = volume.openChannel(reactor.reactor());
            final VolumeChannel two = volume.openChannel(reactor.reactor());
            one.useMemory(memory.table());
            two.useMemory(memory.table());
            final DeviceQueue probe = UringDeviceQueue.open(reactor.reactor(), memoryFile.fd(), (_, _) -> {});
            assertThat(probe.buffers().registeredCount()).isEqualTo(2);
            assertThat(probe.buffers().find(memory.table(), 1, 4096, 4096)).isNotNegative();
            final RegionTable disk = new RegionTable(List.of(unpinnable.segment()));
            one.useMemory(disk);
            if (probe.buffers().registeredCount() == 2) {
                assertThat(volume.counters().of(Event.REGION_UNREGISTERED)).isEqualTo(1);
            }
            final TestRequest request = new TestRequest();
            request.data().reset(disk);
            request.data().add(0, 4096, 4096);
            request.ask(BlockOperation.READ, 0, 4096).submit(one);
            reactor.until("read ends", request::ended);
            assertThat(request.status()).isEqualTo(BlockStatus.OK);
            one.releaseMemory(disk);
            one.releaseMemory(memory.table());
            assertThat(probe.buffers().registeredCount()).isEqualTo(2);
            two.releaseMemory(memory.table());
            assertThat(probe.buffers().registeredCount()).isZero();
            probe.close();
            one.close();
            two.close();
        }
    }

    @Test
    void failsARequestWhoseMemoryVanishes() {
        try (MemFd guest = MemFd.create("guest", 1 << 20);
                Mapping mapping = Mapping.ofFile(guest.fd(), 0, 1 << 20, true);
                TestBench b = new TestBench(FileVolume.open(options(1 << 20), UringDeviceQueue::open, 4096))) {
            final RegionTable table = new RegionTable(List.of(mapping.segment()));
            guest.truncate(0);
            for (final int shift : new int[] {0, 4}) {
                for (final BlockOperation operation : List.of(BlockOperation.READ, BlockOperation.WRITE)) {
                    b.request().data().reset(table);
                    b.request().data().add(0, 8192 + shift, 4096);
                    assertThat(b.run(b.request().ask(operation, 4096, 4096)))
                            .as("%s shifted by %d", operation, shift)
                            .isEqualTo(BlockStatus.IO_ERROR);
                }
            }
            assertThat(((FileVolume) b.volume()).counters().of(Event.MEMORY_LOST))
                    .isEqualTo(2);
            b.request().data().reset(b.memory().table());
            assertThat(b.read(0, 4096)).isEqualTo(new byte[4096]);
        }
    }

    @Test
    void cannotBeClosedWhileAChannelIsOpen() {
        try (TestReactor reactor = new TestReactor(0, 64)) {
            final FileVolume volume = FileVolume.open(options(1 << 20));
            final VolumeChannel channel = volume.openChannel(reactor.reactor());
            assertThatThrownBy(volume::close).hasMessageContaining("channels open");
            channel.close();
            volume.close();
        }
    }
}
