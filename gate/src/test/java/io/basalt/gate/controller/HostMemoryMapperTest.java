package io.basalt.gate.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.virtio.vhostuser.MemoryMapper;
import io.basalt.virtio.vhostuser.RefusedException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class HostMemoryMapperTest {
    private static final long SIZE = 8192;

    private static final long LIMIT = 4 * SIZE;

    private final HostMemoryMapper mapper = new HostMemoryMapper(LIMIT);

    @Test
    void mapsAMemfdAndSealsIt() throws RefusedException {
        try (MemFd file = MemFd.create("memory", SIZE)) {
            final MemoryMapper.Mapping mapping = mapper.mapGuest(file.fd(), SIZE, 0);
            mapping.memory().set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 1);
            assertThat(file.truncate(0)).isNegative();
            assertThat(mapping.sealed()).isTrue();
            mapping.unmap();
        }
    }

    @Test
    void mapsAFileOnTmpfs() throws RefusedException {
        final Path path =
                Path.of("/dev/shm", "basalt-mapper-" + ProcessHandle.current().pid());
        try (LinuxFile file = LinuxFile.open(path, FileSpec.O_RDWR | FileSpec.O_CREAT | FileSpec.O_EXCL, 0600)) {
            assertThat(path.toFile().delete()).isTrue();
            file.truncate(SIZE);
            final MemoryMapper.Mapping mapping = mapper.mapGuest(file.fd(), SIZE, 0);
            assertThat(mapping.sealed()).as("only a memfd takes seals").isFalse();
            mapping.unmap();
        }
    }

    @Test
    void mapsNoMoreGuestMemoryThanTheOperatorAllows() throws RefusedException {
        try (MemFd sparse = MemFd.create("sparse", LIMIT + 1);
                MemFd half = MemFd.create("half", LIMIT / 2);
                MemFd rest = MemFd.create("rest", LIMIT / 2);
                MemFd more = MemFd.create("more", SIZE)) {
            assertThatThrownBy(() -> mapper.mapGuest(sparse.fd(), SIZE, 0))
                    .as("however small the region: the file can be filled")
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining((LIMIT + 1) + " bytes")
                    .hasMessageContaining("takes " + LIMIT)
                    .hasMessageContaining("guest_memory_max");
            final MemoryMapper.Mapping one = mapper.mapGuest(half.fd(), SIZE, 0);
            final MemoryMapper.Mapping same = mapper.mapGuest(half.fd(), SIZE, SIZE);
            final MemoryMapper.Mapping other = mapper.mapGuest(rest.fd(), LIMIT / 2, 0);
            assertThatThrownBy(() -> mapper.mapGuest(more.fd(), SIZE, 0)).isInstanceOf(RefusedException.class);
            one.unmap();
            assertThatThrownBy(() -> mapper.mapGuest(more.fd(), SIZE, 0))
                    .as("another region of the file is mapped still")
                    .isInstanceOf(RefusedException.class);
            same.unmap();
            final MemoryMapper.Mapping late = mapper.mapGuest(more.fd(), SIZE, 0);
            late.unmap();
            other.unmap();
        }
    }

    @Test
    void countsALogAndAnInflightRegionApart() throws RefusedException {
        try (MemFd guest = MemFd.create("guest", LIMIT);
                MemFd log = MemFd.create("log", SIZE)) {
            final MemoryMapper.Mapping memory = mapper.mapGuest(guest.fd(), LIMIT, 0);
            final MemoryMapper.Mapping dirty = mapper.mapLog(log.fd(), SIZE, 0);
            final MemoryMapper.Mapping inflight = mapper.mapInflight(log.fd(), SIZE, 0);
            inflight.unmap();
            dirty.unmap();
            memory.unmap();
        }
    }

    @Test
    void aRefusedRegionDoesNotCount() throws RefusedException {
        try (MemFd guest = MemFd.create("guest", LIMIT);
                MemFd other = MemFd.create("other", LIMIT)) {
            assertThatThrownBy(() -> mapper.mapGuest(guest.fd(), LIMIT, SIZE))
                    .hasMessageContaining("the region ends at");
            mapper.mapGuest(other.fd(), LIMIT, 0).unmap();
        }
    }

    @Test
    void asksNothingOfAFileWhoseServerMayNotAnswer() {
        // A server that does not answer cannot be had here; but any file that is not in memory is refused before
        // its file system is asked anything, size and kind included: the message knows neither.
        try (LinuxFile other = LinuxFile.open(Path.of("/proc/self/status"), FileSpec.O_RDONLY, 0);
                UnixSocket.Pair sockets = UnixSocket.pair();
                EventFd event = EventFd.create()) {
            for (final int fd : new int[] {other.fd(), sockets.left().fd(), event.fd()}) {
                final String refusal = "descriptor " + fd + " is no file in memory";
                assertThatThrownBy(() -> mapper.identify(fd))
                        .isInstanceOf(RefusedException.class)
                        .hasMessageContaining(refusal);
                assertThatThrownBy(() -> mapper.mapGuest(fd, SIZE, 0)).hasMessageContaining(refusal);
                assertThatThrownBy(() -> mapper.mapLog(fd, SIZE, 0)).hasMessageContaining(refusal);
                assertThatThrownBy(() -> mapper.mapInflight(fd, SIZE, 0)).hasMessageContaining(refusal);
            }
        }
    }
}
