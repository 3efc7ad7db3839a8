package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.TestFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An NBD export of a real gate, as the clients there are see it: libnbd's tools, QEMU's, and fio.
@Timeout(1200)
class NbdTest {
    private static final List<String> PROGRAMS = List.of("nbdinfo", "nbdcopy", "qemu-img", "qemu-io", "fio");
    private static final int DISK_BYTES = 64 << 20;
    private static final int CONTENT_BYTES = 8 << 20;
    private static final int BOUND_S = 300;

    private TestFolder folder;
    private GateProcess gate;
    private String uri;

    @BeforeEach
    void startGate() throws Exception {
        for (final String program : PROGRAMS) {
            assumeTrue(isThere(program), program + " is missing: install libnbd-bin, qemu-utils and fio");
        }
        folder = TestFolder.create();
        gate = GateProcess.start(folder);
        gate.rpc().createFileVolume("disk", folder.sparseFile("disk.raw", DISK_BYTES));
        final Path socket = folder.resolve("nbd.sock");
        uri = gate.rpc()
                .call(
                        "nbd_export_create",
                        Map.of("bdev_name", "disk", "socket", socket.toString(), "description", "under test"))
                .path("uri")
                .stringValue("");
    }

    @AfterEach
    void stopGate() {
        if (gate != null) {
            gate.close();
        }
        if (folder != null) {
            folder.close();
        }
    }

    private static boolean isThere(String program) {
        for (final String directory : System.getenv("PATH").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    private String run(String... words) throws IOException, InterruptedException {
        final Path output = folder.resolve("output");
        final Process process = new ProcessBuilder(words)
                .directory(folder.path().toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        final boolean ended = process.waitFor(BOUND_S, TimeUnit.SECONDS);
        process.destroyForcibly();
        final String text = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(ended).as("the end of %s: %s", List.of(words), text).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
        return text;
    }

    private Path content() throws IOException {
        final byte[] bytes = new byte[CONTENT_BYTES];
        new SplittableRandom(1).nextBytes(bytes);
        final Path file = folder.sparseFile("content", DISK_BYTES);
        try (var channel = Files.newByteChannel(file, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(bytes));
        }
        return file;
    }

    @Test
    void realClientsCopyInAndOutAndAnExportOutlivesItsGate() throws Exception {
        final String info = run("nbdinfo", uri);
        assertThat(info).contains("export-size: " + DISK_BYTES, "can_multi_conn: true", "base:allocation");
        assertThat(run("nbdinfo", "--list", uri.replace("/disk?", "/?"))).contains("under test");
        // The last block of a sparse file that was made by writing it is content.
        assertThat(run("nbdinfo", "--map", uri)).containsPattern("\\s0\\s+[0-9]+\\s+3\\s+hole,zero");

        final Path content = content();
        run("nbdcopy", "--connections=8", content.toString(), uri);
        assertThat(run("nbdinfo", "--map", uri))
                .containsPattern("\\s" + CONTENT_BYTES + "\\s+[0-9]+\\s+3\\s+hole,zero");
        final Path back = folder.resolve("back");
        run("nbdcopy", uri, back.toString());
        assertThat(Files.mismatch(content, back)).isEqualTo(-1);
        run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, "converted");
        assertThat(Files.mismatch(content, folder.resolve("converted"))).isEqualTo(-1);

        gate.kill();
        gate.restart();
        run("nbdcopy", uri, back.toString());
        assertThat(Files.mismatch(content, back)).isEqualTo(-1);
    }

    @Test
    void patternsAndVerifiedLoadComeBackAsTheyWereWritten() throws Exception {
        final List<String> patterns = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
        for (final String command : List.of(
                "write -P 0x5a 1M 1M",
                "write -z 2M 512k",
                "write -z -u 1536k 64k",
                "write -f -P 0x77 3M 64k",
                "discard 8M 1M",
                "write -P 0x11 16M 32M",
                "flush",
                "read -P 0x5a 1M 512k",
                "read -P 0 1536k 64k",
                "read -P 0 2M 512k",
                "read -P 0x77 3M 64k",
                "read -P 0x11 16M 32M")) {
            patterns.add("-c");
            patterns.add(command);
        }
        patterns.add(uri);
        assertThat(run(patterns.toArray(String[]::new))).doesNotContain("failed", "rror");
        assertThat(run(
                        "fio",
                        "--name=verify",
                        "--ioengine=nbd",
                        "--uri=" + uri,
                        "--rw=randwrite",
                        "--bs=4k",
                        "--iodepth=32",
                        "--size=4m",
                        "--verify=crc32c",
                        "--verify_fatal=1"))
                .contains("err= 0");
        gate.rpc().call("nbd_export_delete", Map.of("name", "disk"));
        assertThat(gate.rpc().call("nbd_get_exports", Map.of()).size()).isZero();
        assertThat(Files.exists(folder.resolve("nbd.sock"))).isFalse();
    }
}
