package io.basalt.cli.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.basalt.cli.CommandException;
import io.basalt.cli.output.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuImgTest {
    private static final int DISK_BYTES = 4 << 20;

    @TempDir
    Path folder;

    private final QemuImg program = new QemuImg("qemu-img");

    @BeforeEach
    void requireProgram() {
        boolean there = false;
        for (final String directory : System.getenv("PATH").split(":", -1)) {
            there |= Files.isExecutable(Path.of(directory, "qemu-img"));
        }
        assumeTrue(there, "qemu-img is missing: install qemu-utils");
    }

    private Path create(String name, String... words) throws Exception {
        final Path image = folder.resolve(name);
        final List<String> command = new ArrayList<>(List.of("qemu-img", "create", "-q"));
        command.addAll(List.of(words));
        command.addAll(List.of(image.toString(), String.valueOf(DISK_BYTES)));
        final Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor()).isZero();
        return image;
    }

    private static Progress quiet() {
        return new Progress(new PrintWriter(new StringWriter()), false, System::nanoTime);
    }

    @Test
    void knowsTheSizeOfTheDiskInAnImage() throws Exception {
        assertThat(program.diskBytes(create("a", "-f", "qcow2"), ImageFormat.QCOW2))
                .isEqualTo(DISK_BYTES);
        assertThat(program.diskBytes(create("b", "-f", "vmdk"), ImageFormat.VMDK))
                .isEqualTo(DISK_BYTES);
        assertThat(program.diskBytes(create("c:d", "-f", "qcow2"), ImageFormat.QCOW2))
                .isEqualTo(DISK_BYTES);
    }

    @Test
    void refusesImagesThatNameOtherFiles() throws Exception {
        final Path secret = Files.write(folder.resolve("secret"), new byte[DISK_BYTES]);
        final Path layered = create("a", "-f", "qcow2", "-F", "raw", "-b", secret.toString());
        final Path split = create("b", "-f", "qcow2", "-o", "data_file=" + secret + ",data_file_raw=on");
        final Path flat = create("c", "-f", "vmdk", "-o", "subformat=monolithicFlat");

        assertThatThrownBy(() -> program.diskBytes(layered, ImageFormat.QCOW2))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("takes data from another file: " + secret);
        assertThatThrownBy(() -> program.diskBytes(split, ImageFormat.QCOW2))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("takes data from another file: " + secret);
        assertThatThrownBy(() -> program.diskBytes(flat, ImageFormat.VMDK))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("is of the kind monolithicFlat");
    }

    @Test
    void saysWhyAnImageIsNone() throws IOException {
        final Path raw = Files.write(folder.resolve("raw.qcow2"), new byte[DISK_BYTES]);

        assertThatThrownBy(() -> program.diskBytes(raw, ImageFormat.QCOW2))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("qemu-img info failed")
                .hasMessageContaining("not in qcow2 format");
    }

    @Test
    void copiesBothWaysAndCompares() throws Exception {
        final byte[] bytes = new byte[DISK_BYTES];
        new Random(1).nextBytes(bytes);
        final Path raw = Files.write(folder.resolve("disk.raw"), bytes);
        final Path image = folder.resolve("disk.qcow2");
        final Path target = Files.write(folder.resolve("target.raw"), new byte[DISK_BYTES]);

        program.save(raw.toString(), image, ImageFormat.QCOW2, true, DISK_BYTES, quiet());
        program.load(image, ImageFormat.QCOW2, target.toString(), true, DISK_BYTES, quiet());
        program.compare(image, ImageFormat.QCOW2, target.toString(), DISK_BYTES, quiet());

        assertThat(Files.mismatch(raw, target)).isEqualTo(-1);
        bytes[1 << 20]++;
        Files.write(target, bytes);
        assertThatThrownBy(() -> program.compare(image, ImageFormat.QCOW2, target.toString(), DISK_BYTES, quiet()))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("mismatch");
    }

    @Test
    void saysWhatToInstall() {
        assertThatThrownBy(() -> new QemuImg("no-such-program").diskBytes(folder, ImageFormat.QCOW2))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("apt-get install qemu-utils");
    }
}
