package io.basalt.store.file;

import io.basalt.testkit.Seeds;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;

/// The volume contract on files: every way that data can take, on a disk's file system and on tmpfs.
class FileVolumeTest {
    private static final Path TMPFS = Path.of("/dev/shm");

    @Nested
    class Direct extends FileVolumeContract {}

    @Nested
    class DirectWithBlocksOf4096 extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 4_000;
        }

        @Override
        protected int blockSize() {
            return 4096;
        }
    }

    @Nested
    class Buffered extends FileVolumeContract {
        @Override
        boolean direct() {
            return false;
        }
    }

    @Nested
    class BufferedWithBlocksOf4096 extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 4_000;
        }

        @Override
        boolean direct() {
            return false;
        }

        @Override
        protected int blockSize() {
            return 4096;
        }
    }

    @Nested
    class DirectOnTmpfs extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 4_000;
        }

        @Override
        Path parent() {
            return TMPFS;
        }
    }

    @Nested
    class BufferedOnTmpfs extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 4_000;
        }

        @Override
        Path parent() {
            return TMPFS;
        }

        @Override
        boolean direct() {
            return false;
        }
    }

    /// Volume blocks of 512 on a device that takes only 4096, memory included.
    @Nested
    class ReadModifyWrite extends FileVolumeContract {
        @Override
        int leastAlignment() {
            return 4096;
        }
    }

    /// A kernel that interrupts, cuts short and has no room.
    @Nested
    class OnAFaultyDevice extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 0;
        }

        @Override
        DeviceQueue.Source source() {
            return faulty(0);
        }
    }

    @Nested
    class ReadModifyWriteOnAFaultyDevice extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 0;
        }

        @Override
        int leastAlignment() {
            return 4096;
        }

        @Override
        DeviceQueue.Source source() {
            return faulty(0);
        }
    }

    /// Neither holes nor zero ranges: zeros are written.
    @Nested
    class OnADeviceThatCannotClear extends FileVolumeContract {
        @Override
        protected int allocationRuns() {
            return 4_000;
        }

        @Override
        DeviceQueue.Source source() {
            return faulty(FaultyQueue.ALL_MODES);
        }

        @Override
        protected boolean discardsSurely() {
            return false;
        }
    }

    private static DeviceQueue.Source faulty(int refusedModes) {
        final long seed = Seeds.next();
        System.out.println("faulty device: -D" + Seeds.PROPERTY + "=" + Seeds.text(seed));
        return FaultyQueue.source(Seeds.random(seed), refusedModes);
    }
}
