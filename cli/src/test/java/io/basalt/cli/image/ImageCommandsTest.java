package io.basalt.cli.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.cli.CommandRun;
import io.basalt.cli.bench.GateBox;
import io.basalt.cli.output.Progress;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCommandsTest {
    private static final int DISK_BYTES = 16 << 20;
    private static final long SEED = 20;

    @TempDir
    Path folder;

    private GateBox box;
    private Path socket;

    @BeforeEach
    void start() {
        box = new GateBox(folder.resolve("gate"));
        socket = box.ramDisk("disk");
    }

    @AfterEach
    void stop() {
        box.close();
    }

    /// Random bytes, with runs of zeroes that begin and end within pieces.
    private static byte[] image(int length) {
        final byte[] image = new byte[length];
        new Random(SEED).nextBytes(image);
        Arrays.fill(image, length / 4, length / 2, (byte) 0);
        return image;
    }

    private Path write(byte[] image) throws IOException {
        return Files.write(folder.resolve("in.raw"), image);
    }

    @Test
    void whatIsImportedIsExported() throws IOException {
        final byte[] image = image(DISK_BYTES);
        final Path out = folder.resolve("out.raw");

        final CommandRun in =
                CommandRun.of("import", write(image).toString(), "--socket", socket.toString(), "--yes", "--verify");
        final CommandRun back = CommandRun.of("export", "disk", out.toString(), "--socket", socket.toString());

        assertThat(in.err()).isEmpty();
        assertThat(in.out()).matches("imported 16 MiB to .*/disk in .* s; 12 MiB of it is data; verified\n");
        assertThat(back.out()).contains("exported 16 MiB", "12 MiB of it is data");
        assertThat(Files.readAllBytes(out)).isEqualTo(image);
    }

    @Test
    void anImageOfOddLengthEndsInZeroes() throws IOException {
        final byte[] image = image(300_001);
        try (BlockClient disk = BlockClient.open(socket, ImageCopy.PIECE_BYTES, 4)) {
            final Progress quiet = new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);
            final ImageCopy copy = new ImageCopy(disk, quiet);

            assertThat(copy.load(new ByteArrayInputStream(image), -1, true)).isEqualTo(image.length);
            copy.verify(image.length);

            disk.read(disk.slot(), 300_001 & -512, 512);
            disk.drain();
        }
        final Path out = folder.resolve("out.raw");
        CommandRun.of("export", "disk", out.toString(), "--socket", socket.toString());
        final byte[] expected = Arrays.copyOf(image, DISK_BYTES);
        assertThat(Files.readAllBytes(out)).isEqualTo(expected);
    }

    @Test
    void zeroesReplaceWhatWasThere() throws IOException {
        final byte[] full = new byte[DISK_BYTES];
        Arrays.fill(full, (byte) 7);
        CommandRun.of("import", write(full).toString(), "--socket", socket.toString(), "--yes");

        final byte[] image = image(DISK_BYTES);
        CommandRun.of("import", write(image).toString(), "--socket", socket.toString(), "--yes");

        final Path out = folder.resolve("out.raw");
        CommandRun.of("export", "disk", out.toString(), "--socket", socket.toString());
        assertThat(Files.readAllBytes(out)).isEqualTo(image);
    }

    @Test
    void verifyingFindsADiskThatHoldsSomethingElse() throws IOException {
        final byte[] image = image(1 << 20);
        try (BlockClient disk = BlockClient.open(socket, ImageCopy.PIECE_BYTES, 4)) {
            final Progress quiet = new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);
            final ImageCopy copy = new ImageCopy(disk, quiet);
            copy.load(new ByteArrayInputStream(image), image.length, true);
            final int slot = disk.slot();
            disk.buffer(slot).fill((byte) 1);
            disk.write(slot, 128 << 10, 512);
            disk.drain();

            assertThatThrownBy(() -> copy.verify(image.length))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("at byte 131072");
        }
    }

    @Test
    void refusesAnImageLargerThanTheDisk() throws IOException {
        final CommandRun run = CommandRun.of(
                "import", write(new byte[DISK_BYTES + 512]).toString(), "--socket", socket.toString(), "--yes");

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("16 MiB");
    }

    @Test
    void neverOverwritesUnasked() throws IOException {
        final Path image = write(image(4096));

        assertThat(CommandRun.of("import", image.toString(), "--socket", socket.toString())
                        .code())
                .isEqualTo(2);
        assertThat(CommandRun.of("export", "disk", image.toString(), "--socket", socket.toString())
                        .code())
                .isEqualTo(4);
        assertThat(CommandRun.of("import", image.toString(), "--socket", socket.toString(), "--dry-run")
                        .out())
                .isEqualTo("would import " + image + " to " + socket + "\n");
    }

    @Test
    void anImageThatEndsEarlyIsAnError() throws IOException {
        try (BlockClient disk = BlockClient.open(socket, ImageCopy.PIECE_BYTES, 4);
                InputStream image = new ByteArrayInputStream(new byte[1000])) {
            final Progress quiet = new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);

            assertThatThrownBy(() -> new ImageCopy(disk, quiet).load(image, 2000, true))
                    .hasMessage("the image ended at byte 1000 of 2000");
        }
    }

    @Test
    void drawsProgressOverOneLine() {
        final StringWriter drawn = new StringWriter();
        final AtomicLong clock = new AtomicLong();
        final Progress progress = new Progress(new PrintWriter(drawn), true, clock::get);
        progress.begin("importing", 4L << 30);

        clock.set(2_000_000_000L);
        progress.at(1L << 30);
        progress.at(2L << 30);
        progress.end();

        assertThat(drawn.toString())
                .isEqualTo("\r\u001b[Kimporting [======                  ]  25 %  1 GiB of 4 GiB  512 MiB/s  6 s left"
                        + "\r\u001b[K");
    }
}
