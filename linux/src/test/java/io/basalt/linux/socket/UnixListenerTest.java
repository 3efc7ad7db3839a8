package io.basalt.linux.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.OpenDescriptors;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixListenerTest {
    private static final int[] NONE = {};

    private final OpenDescriptors descriptors = new OpenDescriptors();

    @TempDir
    private Path directory = Path.of("");

    @AfterEach
    void leavesNoDescriptorBehind() {
        descriptors.assertUnchanged();
    }

    @Test
    void acceptsAConnectionThatCarriesBytes() {
        final Path path = directory.resolve("gate.sock");
        try (UnixListener listener = UnixListener.listen(path, 0600, 4);
                Arena arena = Arena.ofConfined()) {
            assertThat(listener.accept()).isEqualTo(-Errno.EAGAIN);
            try (UnixSocket client = UnixSocket.adopt(UnixSocket.connect(path));
                    UnixSocket server = UnixSocket.adopt(listener.accept())) {
                final MemorySegment buffer = arena.allocateFrom("hello");
                assertThat(client.send(buffer, 0, 5)).isEqualTo(5);
                assertThat(server.receive(buffer, 5, NONE)).isEqualTo(5);
                assertThat(server.receive(buffer, 5, NONE)).isEqualTo(-Errno.EAGAIN);
                assertThat(server.peerCredentials().pid())
                        .isEqualTo((int) ProcessHandle.current().pid());
            }
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void givesTheSocketFileExactlyItsPermissions() throws Exception {
        for (final String permissions : new String[] {"rw-------", "rw-rw----", "rw-rw-rw-"}) {
            final Path path = directory.resolve(permissions);
            int bits = 0;
            for (int i = 0; i < permissions.length(); i++) {
                bits = bits << 1 | (permissions.charAt(i) == '-' ? 0 : 1);
            }
            try (UnixListener listener = UnixListener.listen(path, bits, 1)) {
                assertThat(listener.fd()).isNotNegative();
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .isEqualTo(permissions);
            }
        }
    }

    @Test
    void refusesAPathThatExists() throws Exception {
        final Path path = Files.createFile(directory.resolve("occupied"));
        assertThatThrownBy(() -> UnixListener.listen(path, 0600, 1))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE))
                .hasMessageContaining(path.toString());
        assertThat(path).exists();
    }

    @Test
    void refusesAPathThatIsTooLong() {
        final Path path = directory.resolve("x".repeat(108));
        assertThatThrownBy(() -> UnixListener.listen(path, 0600, 1)).hasMessageContaining("ENAMETOOLONG");
        assertThat(UnixSocket.connect(path)).isEqualTo(-Errno.ENAMETOOLONG);
    }

    @Test
    void answersErrorsOfConnecting() throws Exception {
        assertThat(UnixSocket.connect(directory.resolve("nowhere"))).isEqualTo(-Errno.ENOENT);
        final Path path = directory.resolve("full");
        try (UnixListener listener = UnixListener.listen(path, 0600, 0);
                UnixSocket first = UnixSocket.adopt(UnixSocket.connect(path))) {
            assertThat(UnixSocket.connect(path)).isEqualTo(-Errno.EAGAIN);
            assertThat(FileDescriptor.close(listener.accept())).isZero();
            assertThat(first.isOpen()).isTrue();
        }
    }

    @Test
    void handsItsSocketOverWithoutLosingAConnection() {
        final Path path = directory.resolve("gate.sock");
        final UnixListener before = UnixListener.listen(path, 0600, 4);
        final int client = UnixSocket.connect(path);
        final int inherited = before.release();
        before.close();
        assertThat(path).exists();
        try (UnixListener after = UnixListener.adopt(inherited)) {
            final int accepted = after.accept();
            assertThat(accepted).isNotNegative();
            FileDescriptor.close(accepted);
        }
        FileDescriptor.close(client);
        assertThat(path).as("who adopted the socket did not create its file").exists();
    }

    @Test
    void refusesToAdoptWhatDoesNotListen() {
        try (EventFd event = EventFd.create();
                UnixSocket.Pair pair = UnixSocket.pair()) {
            final int eventFd = event.fd();
            assertThatThrownBy(() -> UnixListener.adopt(eventFd)).hasMessageContaining("ENOTSOCK");
            final int connected = pair.left().fd();
            assertThatThrownBy(() -> UnixListener.adopt(connected)).hasMessageContaining("not a listening socket");
        }
    }

    @Test
    void removesOnlySocketFilesThatNobodyListensOn() throws Exception {
        final Path live = directory.resolve("live");
        final Path stale = directory.resolve("stale");
        final Path file = Files.createFile(directory.resolve("file"));
        final Path link = Files.createSymbolicLink(directory.resolve("link"), stale);
        FileDescriptor.close(UnixListener.listen(stale, 0600, 1).release());
        try (UnixListener listener = UnixListener.listen(live, 0600, 4)) {
            assertThat(UnixListener.removeStale(live)).isFalse();
            assertThat(FileDescriptor.close(listener.accept())).isZero();
        }
        assertThat(UnixListener.removeStale(file)).isFalse();
        assertThat(UnixListener.removeStale(directory.resolve("nowhere"))).isFalse();
        assertThat(UnixListener.removeStale(link)).isFalse();
        assertThat(stale).exists();
        assertThat(UnixListener.removeStale(stale)).isTrue();
        assertThat(stale).doesNotExist();
        assertThat(file).exists();
    }
}
