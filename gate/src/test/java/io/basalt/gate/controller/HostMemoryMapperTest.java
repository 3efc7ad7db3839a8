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

    private final HostMemoryMapper mapper = new HostMemoryMapper();

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
