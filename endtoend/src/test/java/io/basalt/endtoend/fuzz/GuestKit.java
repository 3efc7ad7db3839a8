package io.basalt.endtoend.fuzz;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/// What one front end brings along: guest memory in one to three regions, the first of which holds the rings, and
/// event descriptors. Memory is a memfd, which the gate seals, or a tmpfs file, which can be truncated under it.
final class GuestKit implements AutoCloseable {
    /// Queues that a kit is made for.
    static final int QUEUES_MAX = 4;
    /// Bytes of the first region.
    static final long FIRST_BYTES = 2L << 20;
    /// Guest address of the first region.
    static final long FIRST_ADDRESS = 0x1_0000_0000L;
    /// Where data begins in the first region, behind the rings.
    static final long DATA_OFFSET = 1L << 20;

    private static final long OTHER_BYTES = 256L << 10;
    private static final Path TMPFS = Path.of("/dev/shm");
    private static final AtomicInteger NUMBER = new AtomicInteger();

    /// Memory that can be given away, and taken back by truncation if it is no memfd.
    static final class MemoryFile implements AutoCloseable {
        private final AutoCloseable owner;
        private final int fd;
        private final Mapping mapping;

        private MemoryFile(AutoCloseable owner, int fd, long bytes) {
            this.owner = owner;
            this.fd = fd;
            this.mapping = Mapping.ofFile(fd, 0, bytes, true);
        }

        /// @param truncatable on tmpfs
        static MemoryFile create(long bytes, boolean truncatable) {
            if (!truncatable) {
                final MemFd file = MemFd.create("fuzz", bytes);
                return new MemoryFile(file, file.fd(), bytes);
            }
            final Path path =
                    TMPFS.resolve("basalt-fuzz-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet());
            final LinuxFile file = LinuxFile.open(path, FileSpec.O_RDWR | FileSpec.O_CREAT | FileSpec.O_EXCL, 0600);
            // Whoever has the descriptor has the file; nothing is left behind if the test ends early.
            final boolean removed = path.toFile().delete();
            assert removed : path;
            file.truncate(bytes);
            return new MemoryFile(file, file.fd(), bytes);
        }

        int fd() {
            return fd;
        }

        MemorySegment memory() {
            return mapping.segment();
        }

        /// Sets the file's length; fails on sealed ones.
        void truncate(long bytes) {
            io.basalt.linux.Syscall.call(io.basalt.linux.Syscall.FTRUNCATE, fd, bytes);
        }

        @Override
        public void close() {
            mapping.close();
            try {
                owner.close();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }
    }

    private final List<MemoryFile> files = new ArrayList<>();
    private final List<RegionDescription> regions = new ArrayList<>();
    private final EventFd[] kicks = new EventFd[QUEUES_MAX];
    private final EventFd[] calls = new EventFd[QUEUES_MAX];
    private final EventFd error = EventFd.create();

    /// @param truncatable guest memory on tmpfs
    GuestKit(RandomGenerator random, boolean truncatable) {
        addRegion(FIRST_ADDRESS, FIRST_BYTES, truncatable);
        long next = FIRST_ADDRESS + FIRST_BYTES;
        for (int more = random.nextInt(3); more > 0; more--) {
            // Sometimes right behind the one before, sometimes with a hole between.
            next += random.nextBoolean() ? 0 : 0x10_0000;
            addRegion(next, OTHER_BYTES, truncatable);
            next += OTHER_BYTES;
        }
        for (int i = 0; i < QUEUES_MAX; i++) {
            kicks[i] = EventFd.create();
            calls[i] = EventFd.create();
        }
    }

    private void addRegion(long guestAddress, long bytes, boolean truncatable) {
        final MemoryFile file = MemoryFile.create(bytes, truncatable);
        files.add(file);
        regions.add(new RegionDescription(guestAddress, bytes, file.memory().address(), 0));
    }

    List<VhostUserFrontEnd.Memory> regions() {
        final List<VhostUserFrontEnd.Memory> all = new ArrayList<>();
        for (int i = 0; i < regions.size(); i++) {
            all.add(new VhostUserFrontEnd.Memory(regions.get(i), files.get(i).fd()));
        }
        return all;
    }

    /// The region that holds the rings.
    MemorySegment first() {
        return files.getFirst().memory();
    }

    /// The front end's own address of a guest address in the first region.
    long userAddress(long guestAddress) {
        return first().address() + guestAddress - FIRST_ADDRESS;
    }

    /// Truncates one of the files.
    void truncate(RandomGenerator random, long bytes) {
        Chance.of(random, files).truncate(bytes);
    }

    EventFd kick(int queue) {
        return kicks[queue];
    }

    EventFd call(int queue) {
        return calls[queue];
    }

    EventFd error() {
        return error;
    }

    @Override
    public void close() {
        files.forEach(MemoryFile::close);
        for (int i = 0; i < QUEUES_MAX; i++) {
            kicks[i].close();
            calls[i].close();
        }
        error.close();
    }
}
