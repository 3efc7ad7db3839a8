package io.basalt.linux.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.OpenDescriptors;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MappingTest {
    private final OpenDescriptors descriptors = new OpenDescriptors();

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void theMachineHasMemory() {
        final long bytes = PhysicalMemory.totalBytes();
        assertThat(bytes).isGreaterThan(Runtime.getRuntime().maxMemory() / 2).isLessThan(1L << 50);
        assertThat(bytes % 1024).isZero();
    }

    @Test
    void hasExactlyTheLengthAskedFor() {
        try (MemFd memory = MemFd.create("odd", 10_000);
                Mapping mapping = Mapping.ofFile(memory.fd(), 4096, 5000, true)) {
            assertThat(mapping.length()).isEqualTo(5000);
            assertThat(mapping.segment().byteSize()).isEqualTo(5000);
            assertThat(mapping.address() % 4096).isZero();
            mapping.segment().set(JAVA_BYTE, 4999, (byte) 1);
            assertThatThrownBy(() -> mapping.segment().get(JAVA_BYTE, 5000))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void outlivesItsDescriptorAndSharesItsContent() {
        final MemFd memory = MemFd.create("shared", 4096);
        try (Mapping one = Mapping.ofFile(memory.fd(), 0, 4096, true);
                Mapping two = Mapping.ofFilePopulated(memory.fd(), 0, 4096, false)) {
            memory.close();
            one.segment().set(JAVA_LONG, 8, 42);
            assertThat(two.segment().get(JAVA_LONG, 8)).isEqualTo(42);
        }
    }

    @Test
    void isUnusableAndUnmappedOnceClosed() throws Exception {
        final Mapping mapping = Mapping.anonymous(1 << 20);
        final MemorySegment slice = mapping.segment().asSlice(4096, 8);
        final long address = mapping.address();
        assertThat(isMapped(address)).isTrue();
        mapping.close();
        mapping.close();
        assertThat(mapping.isOpen()).isFalse();
        assertThatThrownBy(() -> slice.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(isMapped(address)).isFalse();
        assertThat(mapping.prefault()).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void prefaultsMemoryAndTellsWhenTheFileIsTooShort() {
        try (MemFd memory = MemFd.create("short", 4096);
                Mapping fits = Mapping.ofFile(memory.fd(), 0, 4096, true);
                Mapping exceeds = Mapping.ofFile(memory.fd(), 0, 8192, true);
                Mapping anonymous = Mapping.anonymous(4 << 20)) {
            assertThat(fits.prefault()).isZero();
            assertThat(anonymous.prefault()).isZero();
            assertThat(exceeds.prefault()).isEqualTo(-Errno.EFAULT);
            assertThat(anonymous.advise(MemorySpec.MADV_DONTDUMP)).isZero();
        }
    }

    @Test
    void turnsAFileTruncatedUnderneathIntoAnInternalErrorOfJavaAccesses() {
        try (MemFd memory = MemFd.create("shrunk", 8192);
                Mapping mapping = Mapping.ofFile(memory.fd(), 0, 8192, true)) {
            mapping.segment().set(JAVA_BYTE, 5000, (byte) 1);
            assertThat(memory.truncate(4096)).isZero();
            assertThatThrownBy(() -> mapping.segment().get(JAVA_BYTE, 5000)).isInstanceOf(InternalError.class);
            assertThat(mapping.segment().get(JAVA_BYTE, 0)).isZero();
        }
    }

    @Test
    void saysWhyItIsNotOnHugePages() {
        final long bytes = 3L << 20;
        try (Mapping mapping = Mapping.anonymousHuge(bytes, HugePages.BYTES_2M)) {
            assertThat(mapping.length()).isEqualTo(bytes);
            mapping.segment().set(JAVA_BYTE, bytes - 1, (byte) 1);
            final String why = mapping.fallback();
            if (why != null) {
                assertThat(why).contains("2048 KiB huge pages").contains("ordinary pages");
            }
        }
        assertThatThrownBy(() -> Mapping.anonymousHuge(bytes, 3000)).isInstanceOf(LinuxException.class);
    }

    @Test
    void refusesALengthOrOffsetThatCannotBe() {
        try (MemFd memory = MemFd.create("m", 4096)) {
            final int fd = memory.fd();
            assertThatThrownBy(() -> Mapping.ofFile(fd, 0, 0, true)).isInstanceOf(LinuxException.class);
            assertThatThrownBy(() -> Mapping.ofFile(fd, 7, 4096, true)).hasMessageContaining("offset 7");
            assertThatThrownBy(() -> Mapping.ofFile(1_000_000, 0, 4096, true)).hasMessageContaining("EBADF");
            assertThatThrownBy(() -> Mapping.anonymous(-1)).isInstanceOf(LinuxException.class);
        }
    }

    @Test
    void listsTheHugePagePools() {
        for (final HugePages.Pool pool : HugePages.pools()) {
            assertThat(pool.pageBytes()).isGreaterThan(4096);
            assertThat(pool.free()).isBetween(0L, pool.total());
        }
        assertThat(HugePages.pools())
                .isSortedAccordingTo(java.util.Comparator.comparingLong(HugePages.Pool::pageBytes));
        assertThat(HugePages.sizeFlag(HugePages.BYTES_2M)).isEqualTo(21 << 26);
    }

    private static boolean isMapped(long address) throws Exception {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .map(line -> line.substring(0, line.indexOf(' ')).split("-", 2))
                .anyMatch(range -> Long.parseUnsignedLong(range[0], 16) <= address
                        && address < Long.parseUnsignedLong(range[1], 16));
    }
}
