package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.JavaProgram;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `basalt-vhost-user-blk` and `basalt` as programs: what they print, and the status they end with.
@Timeout(1200)
class BackEndProgramTest {
    private static final String BACK_END = "io.basalt.cli.VhostUserBlk";
    private static final String BASALT = "io.basalt.cli.Main";
    private static final long DISK_BYTES = 32 << 20;
    private static final Duration BOUND = Duration.ofMinutes(5);

    private TestFolder folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = TestFolder.create();
    }

    @AfterEach
    void removeFolder() {
        folder.close();
    }

    @Test
    void printsItsCapabilitiesAsManagementToolsReadThem() throws Exception {
        try (JavaProgram program = JavaProgram.start(BACK_END, "--print-capabilities")) {
            assertThat(program.awaitEnd()).isZero();
            assertThat(program.output().replaceAll("\\s", ""))
                    .isEqualTo("{\"type\":\"block\",\"features\":[\"read-only\",\"blk-file\"]}");
        }
    }

    @Test
    void servesAFileAndEndsWithSuccessOnSigterm() throws Exception {
        final Path file = folder.sparseFile("disk.raw", DISK_BYTES);
        final Path socket = folder.resolve("s");
        try (JavaProgram program = JavaProgram.start(BACK_END, "--socket-path=" + socket, "--blk-file=" + file)) {
            Watch.until("the socket is there", BOUND, () -> Files.exists(socket), program::output);
            try (JavaProgram bench = JavaProgram.start(
                    BASALT,
                    "bench",
                    socket.toString(),
                    "--rw",
                    "randrw",
                    "--iodepth",
                    "8",
                    "--time",
                    "1",
                    "--verify",
                    "--json")) {
                assertThat(bench.awaitEnd()).as(bench.output()).isZero();
                assertThat(bench.output()).contains("\"verified\" : true");
            }
            assertThat(program.terminate()).as(program.output()).isZero();
        }
        assertThat(Files.exists(socket)).isFalse();
    }

    @Test
    void saysWhyItCannotStart() throws Exception {
        try (JavaProgram program = JavaProgram.start(
                BACK_END, "--socket-path=" + folder.resolve("s"), "--blk-file=" + folder.resolve("nowhere"))) {
            assertThat(program.awaitEnd()).isNotZero();
            assertThat(program.output()).contains("nowhere");
        }
        try (JavaProgram program = JavaProgram.start(BACK_END, "--blk-file=x")) {
            assertThat(program.awaitEnd()).isEqualTo(2);
            assertThat(program.output()).contains("--socket-path");
        }
    }

    @Test
    void anUnknownCommandIsWrongUsageAndNobodyListeningIsUnavailable() throws Exception {
        try (JavaProgram program = JavaProgram.start(BASALT, "gaet")) {
            assertThat(program.awaitEnd()).isEqualTo(2);
            assertThat(program.output()).contains("gate");
        }
        try (JavaProgram program =
                JavaProgram.start(BASALT, "rpc", "-s", folder.resolve("none").toString(), "spdk_get_version")) {
            assertThat(program.awaitEnd()).isEqualTo(5);
            assertThat(program.output()).contains("is a gate running there?");
        }
    }

    @Test
    void demoRunsOnceAndSaysWhatToTypeNext() throws Exception {
        try (JavaProgram program = JavaProgram.start(
                BASALT,
                "demo",
                "--once",
                "--time",
                "1",
                "--size",
                "300M",
                "--data",
                folder.resolve("d").toString())) {
            assertThat(program.awaitEnd()).as(program.output()).isZero();
            assertThat(program.output())
                    .contains("All blocks that were read held what was written last.")
                    .contains("vhost-user-blk-pci")
                    .contains("IOPS");
        }
    }
}
