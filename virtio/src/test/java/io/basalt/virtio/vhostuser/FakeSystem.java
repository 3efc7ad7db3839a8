package io.basalt.virtio.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.reactor.Signal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/// An operating system of numbers: descriptors that count how often they are closed, files that are mapped to
/// address space nobody touches, and mappings that count.
final class FakeSystem implements MemoryMapper, FdOwner {
    /// What a descriptor names.
    enum Kind {
        EVENT,
        MEMORY,
        REGULAR_FILE,
        SOCKET
    }

    record FakeFile(Kind kind, long inode, long size) {}

    static final long MEMORY_SIZE = 0x1000_0000L;
    private static final int PLACE_COUNT = 100_000;
    private static final MemorySegment ADDRESS_SPACE = reserve(4 * MEMORY_SIZE);

    private final Map<Integer, FakeFile> open = new HashMap<>();
    private final List<FakeMapping> mapped = new ArrayList<>();
    final List<Integer> raised = new ArrayList<>();
    final List<String> mistakes = new ArrayList<>();
    Consumer<FakeMapping> unmapping = mapping -> {};
    Consumer<Integer> closing = fd -> {};
    private int lastFd = 2;
    private long lastInode = 100;
    int mapCount;

    /// A sparse file's worth of addresses.
    private static MemorySegment reserve(long size) {
        try {
            final Path file = Files.createTempFile("vhost-user", ".memory");
            try (FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
                return channel.map(FileChannel.MapMode.READ_WRITE, 0, size, Arena.global());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    final class FakeMapping implements Mapping {
        private final MemorySegment memory;
        private final FakeFile file;
        private int fd = -1;

        private FakeMapping(FakeFile file, long size) {
            this.file = file;
            // Each at an address of its own, so that equal segments are the same mapping.
            memory = ADDRESS_SPACE.asSlice(mapCount % PLACE_COUNT * 4096L, size);
            mapped.add(this);
            mapCount++;
        }

        @Override
        public MemorySegment memory() {
            return memory;
        }

        @Override
        public int fd() {
            if (fd < 0) {
                fd = open(file);
            }
            return fd;
        }

        @Override
        public void unmap() {
            unmapping.accept(this);
            if (fd >= 0) {
                close(fd);
            }
            if (!mapped.remove(this)) {
                mistakes.add("unmapped twice");
            }
        }
    }

    /// Open a file of its own.
    int open(Kind kind) {
        return open(new FakeFile(kind, lastInode++, kind == Kind.MEMORY ? MEMORY_SIZE : 0));
    }

    /// Another descriptor for a file.
    int open(FakeFile file) {
        final int fd = ++lastFd;
        open.put(fd, file);
        return fd;
    }

    int event() {
        return open(Kind.EVENT);
    }

    FakeFile file(int fd) {
        return Objects.requireNonNull(open.get(fd), "descriptor " + fd + " is not open");
    }

    boolean isOpen(int fd) {
        return open.containsKey(fd);
    }

    int openCount() {
        return open.size();
    }

    int mappedCount() {
        return mapped.size();
    }

    /// Check that nothing is left and nothing was released twice.
    void assertBalanced() {
        assertThat(mistakes).isEmpty();
        assertThat(open).as("descriptors left open").isEmpty();
        assertThat(mapped).as("mappings left").isEmpty();
    }

    @Override
    public void close(int fd) {
        closing.accept(fd);
        if (open.remove(fd) == null) {
            mistakes.add("descriptor " + fd + " closed that is not open");
        }
    }

    @Override
    public void requireEvent(int fd) throws RefusedException {
        if (file(fd).kind() != Kind.EVENT) {
            throw new RefusedException("descriptor is " + file(fd).kind() + ", want an eventfd");
        }
    }

    /// A signal that knows its descriptor.
    record FakeSignal(FakeSystem system, int fd) implements Signal {
        @Override
        public void raise() {
            if (!system.open.containsKey(fd)) {
                system.mistakes.add("signal on closed descriptor " + fd);
            }
            system.raised.add(fd);
        }

        @Override
        public String toString() {
            return "signal " + fd;
        }
    }

    @Override
    public Signal signal(int fd) {
        return new FakeSignal(this, fd);
    }

    @Override
    public FileIdentity identify(int fd) {
        return new FileIdentity(1, file(fd).inode());
    }

    private Mapping map(int fd, long size, long offset) throws RefusedException {
        final FakeFile file = file(fd);
        if (file.kind() != Kind.MEMORY) {
            throw new RefusedException("file is " + file.kind() + ", want shared memory");
        }
        if (offset + size > file.size()) {
            throw new RefusedException("file has " + file.size() + " bytes, want " + (offset + size));
        }
        return new FakeMapping(file, size);
    }

    @Override
    public Mapping mapGuest(int fd, long size, long mmapOffset) throws RefusedException {
        return map(fd, size, mmapOffset);
    }

    @Override
    public Mapping mapLog(int fd, long size, long mmapOffset) throws RefusedException {
        return map(fd, size, mmapOffset);
    }

    @Override
    public Mapping mapInflight(int fd, long size, long mmapOffset) throws RefusedException {
        return map(fd, size, mmapOffset);
    }

    @Override
    public int createInflight(long size) {
        return open(new FakeFile(Kind.MEMORY, lastInode++, size));
    }
}
