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

            assertThat(copy.load(new ByteArrayInputStream(image), -1, ImageCopy.Onto.ZEROES))
                    .isEqualTo(image.length);
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
    void aCopyThatWasInterruptedIsGoneOnWith() throws IOException {
        final byte[] image = image(DISK_BYTES);
        final String in = write(image).toString();
        CommandRun.of("import", in, "--socket", socket.toString(), "--yes");
        final byte[] damaged = image.clone();
        damaged[5] ^= 1;
        damaged[DISK_BYTES / 3] ^= 1;
        damaged[DISK_BYTES - 1] ^= 1;
        final Path other = Files.write(folder.resolve("other.raw"), damaged);

        final CommandRun again = CommandRun.of(
                "import", other.toString(), "--socket", socket.toString(), "--yes", "--resume", "--verify");
        assertThat(again.out()).contains("imported 16 MiB to", "; 192 KiB of it had to be written; verified");

        final Path out = Files.write(folder.resolve("out.raw"), Arrays.copyOf(image, DISK_BYTES - 100_000));
        final CommandRun back = CommandRun.of("export", "disk", out.toString(), "--socket", socket.toString());
        assertThat(back.err()).contains("out.raw exists already");
        final CommandRun rest =
                CommandRun.of("export", "disk", out.toString(), "--socket", socket.toString(), "--resume");
        assertThat(rest.out()).contains("; 256 KiB of it had to be written");
        assertThat(Files.readAllBytes(out)).isEqualTo(damaged);
    }

    @Test
    void onlyRawImagesAreCopiedWithoutAGate() {
        final CommandRun in = CommandRun.of("import", "a.qcow2", "--socket", socket.toString(), "--yes");
        final CommandRun out = CommandRun.of("export", "disk", "a.vmdk", "--socket", socket.toString());

        assertThat(in.code()).isEqualTo(2);
        assertThat(in.err()).contains("only a raw image can", "qemu-img convert -f qcow2 -O raw a.qcow2");
        assertThat(out.code()).isEqualTo(2);
        assertThat(out.err()).contains("only a raw image can", "--format raw");
    }

    @Test
    void verifyingFindsADiskThatHoldsSomethingElse() throws IOException {
        final byte[] image = image(1 << 20);
        try (BlockClient disk = BlockClient.open(socket, ImageCopy.PIECE_BYTES, 4)) {
            final Progress quiet = new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);
            final ImageCopy copy = new ImageCopy(disk, quiet);
            copy.load(new ByteArrayInputStream(image), image.length, ImageCopy.Onto.ZEROES);
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

            assertThatThrownBy(() -> new ImageCopy(disk, quiet).load(image, 2000, ImageCopy.Onto.ZEROES))
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
