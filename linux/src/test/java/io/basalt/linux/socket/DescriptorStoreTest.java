package io.basalt.linux.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.file.FileStatus;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.process.ServiceManager;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The words in which systemd is asked to keep descriptors, and how it gives them back (sd_notify(3),
/// sd_listen_fds(3)).
class DescriptorStoreTest {
    @TempDir
    Path folder;

    /// Prints what this process was given: a line `name size` each.
    static final class Given {
        private Given() {}

        public static void main(String[] arguments) {
            new TreeMap<>(ServiceManager.kept(
                            System.getenv(), (int) ProcessHandle.current().pid()))
                    .forEach((name, fd) ->
                            System.out.println(name + " " + FileStatus.of(fd).size()));
        }
    }

    @Test
    void tellsTheManagerWhatToKeepAndWhatNot() {
        final Path path = folder.resolve("notify");
        final int fd = UnixAddress.openDatagram();
        assertThat(UnixAddress.call(Syscall.BIND, fd, path)).isZero();
        try (UnixSocket manager = UnixSocket.adopt(fd);
                MemFd file = MemFd.create("kept", 12_345);
                Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(512);
            final int[] fds = new int[UnixSocket.FDS_MAX];

            assertThat(ServiceManager.store(path.toString(), "told.7", file.fd()))
                    .isZero();
            assertThat(text(buffer, manager.receive(buffer, 512, fds))).isEqualTo("FDSTORE=1\nFDPOLL=0\nFDNAME=told.7");
            assertThat(manager.receivedFds()).isEqualTo(1);
            assertThat(FileStatus.of(fds[0]).size()).isEqualTo(12_345);
            FileDescriptor.close(fds[0]);

            assertThat(ServiceManager.forget(path.toString(), "told.7")).isZero();
            assertThat(text(buffer, manager.receive(buffer, 512, fds))).isEqualTo("FDSTOREREMOVE=1\nFDNAME=told.7");
            assertThat(manager.receivedFds()).isZero();
        }
        assertThat(ServiceManager.forget(folder.resolve("nobody").toString(), "x"))
                .isNegative();
    }

    private static String text(MemorySegment buffer, int length) {
        return new String(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    @Test
    void takesWhatTheManagerGivesBack() throws Exception {
        final String java = ProcessHandle.current().info().command().orElseThrow();
        final String script = "printf 12345 >a; printf 123 >b; exec 3<a 4<b;"
                + " LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=marks:told.3 exec \"$0\" \"$@\"";
        final Process process = new ProcessBuilder(List.of(
                        "bash",
                        "-c",
                        script,
                        java,
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Given.class.getName()))
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("marks 5\ntold.3 3\n");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void takesNothingThatIsForAnotherProcess() {
        assertThat(ServiceManager.kept(Map.of("LISTEN_PID", "1", "LISTEN_FDS", "2"), 2))
                .isEmpty();
        assertThat(ServiceManager.kept(Map.of(), 2)).isEmpty();
    }
}
