package io.basalt.linux.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemFdTest {
    private final OpenDescriptors descriptors = new OpenDescriptors();

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void sealsItsSizeForGood() {
        try (MemFd memory = MemFd.create("sealed", 8192)) {
            assertThat(MemFd.seals(memory.fd())).isZero();
            assertThat(memory.truncate(4096)).isZero();
            assertThat(memory.addSeals(MemorySpec.F_SEAL_SHRINK | MemorySpec.F_SEAL_GROW))
                    .isZero();
            assertThat(MemFd.seals(memory.fd())).isEqualTo(MemorySpec.F_SEAL_SHRINK | MemorySpec.F_SEAL_GROW);
            assertThat(memory.truncate(0)).isEqualTo(-Errno.EPERM);
            assertThat(memory.truncate(8192)).isEqualTo(-Errno.EPERM);
            assertThat(FileStatus.of(memory.fd()).size()).isEqualTo(4096);
            assertThat(memory.addSeals(MemorySpec.F_SEAL_SEAL)).isZero();
            assertThat(memory.addSeals(MemorySpec.F_SEAL_WRITE)).isEqualTo(-Errno.EPERM);
        }
    }

    @Test
    void answersAnErrorForWhatCannotBeSealed() {
        try (EventFd event = EventFd.create()) {
            assertThat(MemFd.addSeals(event.fd(), MemorySpec.F_SEAL_SHRINK)).isEqualTo(-Errno.EINVAL);
            assertThat(MemFd.seals(event.fd())).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void leavesNothingBehindWhenTheSizeIsRefused() {
        assertThatThrownBy(() -> MemFd.create("negative", -1)).hasMessageContaining("EINVAL");
    }

    @Test
    void mapsAndUnmapsHugePagesWhereThereAreAny() {
        final boolean available =
                HugePages.pools().stream().anyMatch(pool -> pool.pageBytes() == HugePages.BYTES_2M && pool.free() > 0);
        if (!available) {
            System.out.println("not tested: this machine has no free 2 MiB huge page");
            return;
        }
        try (MemFd memory = MemFd.create("huge", HugePages.BYTES_2M, HugePages.BYTES_2M);
                Mapping mapping = Mapping.ofFile(memory.fd(), 0, 5000, true)) {
            assertThat(mapping.prefault()).isZero();
        }
    }
}
