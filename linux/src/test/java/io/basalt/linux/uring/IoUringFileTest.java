package io.basalt.linux.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.Errno;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.testkit.AllocationProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads, writes and the rest on a real file, through plain and registered files and buffers.
class IoUringFileTest {
    private static final long BOUND_NS = 60_000_000_000L;
    private static final int BLOCK = 4096;
    private static final int PLAIN = 0;

    private final OpenDescriptors descriptors = new OpenDescriptors();
    private final IoUring ring = IoUring.create(8);
    private final Arena arena = Arena.ofConfined();

    @TempDir
    private Path directory = Path.of("");

    @SuppressWarnings("NullAway.Init") // by openFile
    private LinuxFile file;

    @BeforeEach
    void openFile() {
        file = LinuxFile.open(directory.resolve("disk"), FileSpec.O_RDWR | FileSpec.O_CREAT, 0600);
        assertThat(file.truncate(16 * BLOCK)).isZero();
    }

    @AfterEach
    void leavesNoDescriptorBehind() {
        ring.close();
        arena.close();
        file.close();
        descriptors.assertUnchanged();
    }

    @Test
    void readsBackWhatItWrote() {
        final MemorySegment out = filled(BLOCK, 0x5a);
        final MemorySegment in = arena.allocate(BLOCK, BLOCK);
        assertThat(ring.prepareWrite(file.fd(), out.address(), BLOCK, 2 * BLOCK, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(BLOCK);
        assertThat(ring.prepareFsync(file.fd(), true, PLAIN, 2)).isTrue();
        assertThat(complete()).isZero();
        assertThat(ring.prepareFsync(file.fd(), false, PLAIN, 2)).isTrue();
        assertThat(complete()).isZero();
        assertThat(ring.prepareRead(file.fd(), in.address(), BLOCK, 2 * BLOCK, PLAIN, 3))
                .isTrue();
        assertThat(complete()).isEqualTo(BLOCK);
        assertThat(in.mismatch(out)).isEqualTo(-1);
        assertThat(file.read(in, 0)).isEqualTo(BLOCK);
        assertThat(in.mismatch(filled(BLOCK, 0))).isEqualTo(-1);
    }

    @Test
    void readsAndWritesBeyondFourGibibytes() {
        final long offset = (5L << 32) + BLOCK;
        final MemorySegment out = filled(BLOCK, 0x33);
        assertThat(ring.prepareWrite(file.fd(), out.address(), BLOCK, offset, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(BLOCK);
        assertThat(file.status().size()).isEqualTo(offset + BLOCK);
        final MemorySegment in = arena.allocate(BLOCK);
        assertThat(file.read(in, offset)).isEqualTo(BLOCK);
        assertThat(in.mismatch(out)).isEqualTo(-1);
    }

    @Test
    void scattersAndGathersOverPiecesOfMemory() {
        final MemorySegment pieces = filled(3 * BLOCK, 0x11);
        pieces.asSlice(2 * BLOCK, BLOCK).fill((byte) 0x22);
        final MemorySegment vectors = vectors(pieces.address() + 2 * BLOCK, BLOCK, pieces.address(), 512);
        assertThat(ring.prepareWritev(file.fd(), vectors.address(), 2, BLOCK, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(BLOCK + 512);
        pieces.fill((byte) 0);
        assertThat(ring.prepareReadv(file.fd(), vectors.address(), 2, BLOCK, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(BLOCK + 512);
        assertThat(pieces.get(JAVA_BYTE, 2 * BLOCK)).isEqualTo((byte) 0x22);
        assertThat(pieces.get(JAVA_BYTE, 3 * BLOCK - 1)).isEqualTo((byte) 0x22);
        assertThat(pieces.get(JAVA_BYTE, 511)).isEqualTo((byte) 0x11);
        assertThat(pieces.get(JAVA_BYTE, 512)).isZero();
    }

    @Test
    void usesRegisteredFilesAndSharedMemory() {
        try (MemFd memory = MemFd.create("guest", 8 * BLOCK);
                Mapping region = Mapping.ofFile(memory.fd(), 0, 8 * BLOCK, true)) {
            assertThat(ring.registerFilesSparse(4)).isZero();
            assertThat(ring.registerBuffersSparse(4)).isZero();
            assertThat(ring.updateFile(3, file.fd())).isZero();
            assertThat(ring.updateBuffer(2, region.address(), region.length())).isZero();

            region.segment().asSlice(BLOCK, BLOCK).fill((byte) 0x77);
            final long from = region.address() + BLOCK;
            final int fixed = UringSpec.IOSQE_FIXED_FILE;
            assertThat(ring.prepareWriteFixed(3, from, BLOCK, 0, 2, fixed, 1)).isTrue();
            assertThat(complete()).isEqualTo(BLOCK);
            final long to = region.address() + 7 * BLOCK;
            assertThat(ring.prepareReadFixed(3, to, BLOCK, 0, 2, fixed, 1)).isTrue();
            assertThat(complete()).isEqualTo(BLOCK);
            assertThat(region.segment().get(JAVA_BYTE, 8 * BLOCK - 1)).isEqualTo((byte) 0x77);

            assertThat(ring.prepareReadFixed(3, to + 1, BLOCK, 0, 2, fixed, 1)).isTrue();
            assertThat(complete()).as("beyond the buffer").isEqualTo(-Errno.EFAULT);
            assertThat(ring.updateBuffer(2, 0, 0)).isZero();
            assertThat(ring.prepareReadFixed(3, to, BLOCK, 0, 2, fixed, 1)).isTrue();
            assertThat(complete()).as("an empty buffer slot").isEqualTo(-Errno.EFAULT);
            assertThat(ring.updateFile(3, -1)).isZero();
            assertThat(ring.prepareFsync(3, true, fixed, 1)).isTrue();
            assertThat(complete()).as("an empty file slot").isEqualTo(-Errno.EBADF);
        }
    }

    @Test
    void scattersOverARegisteredBufferWhereTheKernelCan() {
        if (!ring.supports(UringSpec.IORING_OP_READV_FIXED)) {
            System.out.println("not tested: this kernel has no READV_FIXED (Linux 6.15)");
            return;
        }
        final MemorySegment buffer = filled(4 * BLOCK, 0x44);
        buffer.asSlice(BLOCK, BLOCK).fill((byte) 0x55);
        assertThat(ring.registerBuffersSparse(1)).isZero();
        assertThat(ring.updateBuffer(0, buffer.address(), buffer.byteSize())).isZero();
        final MemorySegment vectors = vectors(buffer.address() + BLOCK, BLOCK, buffer.address(), BLOCK);
        assertThat(ring.prepareWritevFixed(file.fd(), vectors.address(), 2, 0, 0, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(2 * BLOCK);
        buffer.fill((byte) 0);
        assertThat(ring.prepareReadvFixed(file.fd(), vectors.address(), 2, 0, 0, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(2 * BLOCK);
        assertThat(buffer.get(JAVA_BYTE, 0)).isEqualTo((byte) 0x44);
        assertThat(buffer.get(JAVA_BYTE, BLOCK)).isEqualTo((byte) 0x55);
        assertThat(buffer.get(JAVA_BYTE, 2 * BLOCK)).isZero();
    }

    @Test
    void punchesAHoleThatReadsAsZeroes() {
        assertThat(file.write(filled(4 * BLOCK, 0x66), 0)).isEqualTo(4 * BLOCK);
        final int mode = FileSpec.FALLOC_FL_PUNCH_HOLE | FileSpec.FALLOC_FL_KEEP_SIZE;
        assertThat(ring.prepareFallocate(file.fd(), mode, BLOCK, 2 * BLOCK, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isZero();
        final MemorySegment in = arena.allocate(4 * BLOCK);
        assertThat(file.read(in, 0)).isEqualTo(4 * BLOCK);
        assertThat(in.asSlice(0, BLOCK).mismatch(filled(BLOCK, 0x66))).isEqualTo(-1);
        assertThat(in.asSlice(BLOCK, 2 * BLOCK).mismatch(filled(2 * BLOCK, 0))).isEqualTo(-1);
        assertThat(in.asSlice(3 * BLOCK, BLOCK).mismatch(filled(BLOCK, 0x66))).isEqualTo(-1);
        assertThat(file.status().size()).isEqualTo(16 * BLOCK);
    }

    @Test
    void refusesToDiscardInARegularFile() {
        assertThat(ring.prepareDiscard(file.fd(), 0, BLOCK, PLAIN, 1)).isTrue();
        assertThat(complete()).isEqualTo(-Errno.EOPNOTSUPP);
    }

    @Test
    void linksAFlushBehindAWrite() {
        final MemorySegment out = filled(BLOCK, 1);
        assertThat(ring.prepareWrite(file.fd(), out.address(), BLOCK, 0, UringSpec.IOSQE_IO_LINK, 1))
                .isTrue();
        assertThat(ring.prepareFsync(file.fd(), true, PLAIN, 2)).isTrue();
        assertThat(ring.enter(2, BOUND_NS)).isEqualTo(2);
        assertThat(ring.completionUserData(0)).isEqualTo(1);
        assertThat(ring.completionResult(0)).isEqualTo(BLOCK);
        assertThat(ring.completionUserData(1)).isEqualTo(2);
        assertThat(ring.completionResult(1)).isZero();
        ring.advance(2);
    }

    @Test
    void answersAnErrorForAClosedDescriptorAndBadMemory() {
        assertThat(ring.prepareRead(1_000_000, arena.allocate(8).address(), 8, 0, PLAIN, 1))
                .isTrue();
        assertThat(complete()).isEqualTo(-Errno.EBADF);
        assertThat(ring.prepareRead(file.fd(), 8, BLOCK, 0, PLAIN, 1)).isTrue();
        assertThat(complete()).isEqualTo(-Errno.EFAULT);
    }

    @Test
    void allocatesNothingPerTransfer() {
        final MemorySegment buffer = arena.allocate(BLOCK, BLOCK);
        final int fd = file.fd();
        final Runnable pass = () -> {
            ring.prepareRead(fd, buffer.address(), 512, 0, PLAIN, 1);
            ring.prepareWrite(fd, buffer.address(), 512, 512, PLAIN, 2);
            ring.enter(2, BOUND_NS);
            ring.advance(ring.completionCount());
        };
        assertThat(AllocationProbe.bytesAllocated(20_000, pass)).isZero();
    }

    private int complete() {
        assertThat(ring.enter(1, BOUND_NS)).isEqualTo(1);
        assertThat(ring.completionCount()).isEqualTo(1);
        final int result = ring.completionResult(0);
        ring.advance(1);
        return result;
    }

    private MemorySegment filled(long length, int value) {
        return arena.allocate(length, BLOCK).fill((byte) value);
    }

    private MemorySegment vectors(long... addressesAndLengths) {
        return arena.allocateFrom(JAVA_LONG, addressesAndLengths);
    }
}
