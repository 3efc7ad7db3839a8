package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.store.VolumeException;
import io.basalt.store.VolumeException.Kind;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who may have a file open beside whom: volumes of this process, and QEMU.
class ImageLockTest {
    @TempDir
    Path directory = Path.of("");

    private Path file = Path.of("");

    @BeforeEach
    void makeFile() {
        file = directory.resolve("disk.raw");
        FileVolumeContract.truncate(file, 1 << 20);
    }

    private FileVolume writer() {
        return FileVolume.open(FileOptions.of("writer", file));
    }

    private FileVolume reader() {
        return FileVolume.open(FileOptions.of("reader", file).withReadOnly(true));
    }

    private static void assertRefused(Runnable open, String holder) {
        assertThatThrownBy(open::run).isInstanceOfSatisfying(VolumeException.class, e -> {
            assertThat(e.kind()).isEqualTo(Kind.BUSY);
            assertThat(e.field()).isEqualTo("filename");
            assertThat(e.reason()).contains("is locked by " + holder);
            assertThat(e.hint()).contains("close that first");
        });
    }

    @Test
    void keepsASecondWriterOutAndLetsItInAfterClose() {
        try (FileVolume first = writer()) {
            assertThat(first.readOnly()).isFalse();
            assertRefused(this::writer, "another volume of this process");
        }
        writer().close();
    }

    @Test
    void letsReadersShareAFileAndKeepsAWriterOut() {
        try (FileVolume one = reader();
                FileVolume other = reader()) {
            assertThat(one.readOnly()).isTrue();
            assertThat(other.readOnly()).isTrue();
            assertRefused(this::writer, "another volume of this process");
        }
        writer().close();
    }

    @Test
    void keepsReadersOutWhileThereIsAWriter() {
        try (FileVolume volume = writer()) {
            assertThat(volume.readOnly()).isFalse();
            assertRefused(this::reader, "another volume of this process");
        }
        reader().close();
    }

    @Test
    void leavesNothingLockedBehindARefusal() {
        final FileVolume first = writer();
        assertRefused(this::reader, "another volume");
        first.close();
        writer().close();
    }

    @Test
    void sharesAFileWithAQemuThatReads() throws Exception {
        requireQemu();
        try (FileVolume volume = reader()) {
            assertThat(volume.readOnly()).isTrue();
            assertThat(qemuIo("-r", "-c", "read 0 4096")).contains("read 4096/4096");
            assertThat(qemuIo("-c", "write 0 4096")).contains("lock");
        }
        try (FileVolume volume = writer()) {
            assertThat(volume.readOnly()).isFalse();
            assertThat(qemuIo("-r", "-c", "read 0 4096")).contains("lock");
        }
        try (HeldByQemu qemu = new HeldByQemu("-r")) {
            reader().close();
            assertRefused(this::writer, qemu.name());
        }
    }

    @Test
    void namesTheQemuThatWrites() throws Exception {
        requireQemu();
        try (HeldByQemu qemu = new HeldByQemu()) {
            assertRefused(this::reader, qemu.name());
            assertRefused(this::writer, qemu.name());
        }
        writer().close();
    }

    private static void requireQemu() throws IOException, InterruptedException {
        try {
            new ProcessBuilder("qemu-io", "--version")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            System.out.println("ImageLockTest: skipped: no qemu-io on this machine");
            Assumptions.abort("no qemu-io");
        }
    }

    private List<String> command(String... arguments) {
        final List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
        command.addAll(List.of(arguments));
        command.add(file.toString());
        return command;
    }

    private String qemuIo(String... arguments) throws IOException, InterruptedException {
        final Process process =
                new ProcessBuilder(command(arguments)).redirectErrorStream(true).start();
        process.getOutputStream().close();
        final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        return printed;
    }

    /// A QEMU tool that keeps the file open until it is closed.
    private final class HeldByQemu implements AutoCloseable {
        private final Process process;

        HeldByQemu(String... arguments) throws IOException {
            process = new ProcessBuilder(command(arguments))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Await.until("qemu-io has the file locked", this::holdsTheLock);
        }

        private boolean holdsTheLock() {
            final io.basalt.linux.file.LockHolder holder = io.basalt.linux.file.LockHolder.of(file);
            return holder != null && holder.processId() == process.pid();
        }

        String name() {
            return "process " + process.pid() + " (qemu-io)";
        }

        @Override
        public void close() {
            process.destroy();
            assertThat(process.onExit()).succeedsWithin(Await.LONG_ENOUGH);
        }
    }
}
