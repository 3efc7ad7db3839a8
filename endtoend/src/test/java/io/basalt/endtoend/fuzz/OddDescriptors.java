package io.basalt.endtoend.fuzz;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.memory.MemorySpec;
import io.basalt.linux.socket.UnixSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Descriptors of every kind, to be sent where another kind is expected. Sending one copies it, so they serve all
/// attacks at once.
final class OddDescriptors implements AutoCloseable {
    private static final long SMALL_BYTES = 4096;

    private final List<AutoCloseable> owned = new ArrayList<>();
    private final int[] fds;

    /// @param folder on a disk, not in memory
    OddDescriptors(Path folder) {
        final List<Integer> all = new ArrayList<>();
        all.add(file(Path.of("/dev/null"), FileSpec.O_RDWR));
        all.add(file(Path.of("/dev/zero"), FileSpec.O_RDWR));
        all.add(file(Path.of("/proc/self/maps"), FileSpec.O_RDONLY));
        all.add(file(folder, FileSpec.O_RDONLY | FileSpec.O_DIRECTORY));
        all.add(file(folder, FileSpec.O_PATH));
        all.add(file(folder.resolve("odd.raw"), FileSpec.O_RDWR | FileSpec.O_CREAT));
        final UnixSocket.Pair pair = own(UnixSocket.pair());
        all.add(pair.left().fd());
        all.add(own(EventFd.create()).fd());
        all.add(own(MemFd.create("odd-empty", 0)).fd());
        final MemFd small = own(MemFd.create("odd-small", SMALL_BYTES));
        all.add(small.fd());
        all.add(file(Path.of("/proc/self/fd/" + small.fd()), FileSpec.O_RDONLY));
        final MemFd sealed = own(MemFd.create("odd-sealed", SMALL_BYTES));
        sealed.addSeals(MemorySpec.F_SEAL_WRITE | MemorySpec.F_SEAL_SHRINK);
        all.add(sealed.fd());
        fds = all.stream().mapToInt(Integer::intValue).toArray();
    }

    private int file(Path path, int flags) {
        return own(LinuxFile.open(path, flags, 0600)).fd();
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    /// One of them.
    int any(RandomGenerator random) {
        return fds[random.nextInt(fds.length)];
    }

    @Override
    public void close() {
        for (final AutoCloseable resource : owned) {
            try {
                resource.close();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }
    }
}
