package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A drive that refuses writes under a running chunk server: operators are told, in words.
@Timeout(1200)
class DeviceFailureTest {
    private static final Path LIMITER = Path.of("/usr/bin/prlimit");
    private static final String SILENT = "DEVICE_DOWN";
    private static final Duration BOUND = Duration.ofMinutes(5);

    @Test
    void aDeviceThatCannotBeWrittenToIsSaidToFail() throws Exception {
        assumeTrue(Files.isExecutable(LIMITER), LIMITER + " is missing: no way to make writes to a file fail");
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.start(folder)) {
            final byte[] content = new byte[4 << 20];
            Seeds.random(Seeds.next()).nextBytes(content);
            final String image = Files.write(folder.resolve("image"), content).toString();
            cluster.run("import", image, "vm1");
            refuseWrites(cluster.chunkServer(1).processId());
            // Nobody waits for its end: how writes go on with a copy less is another matter.
            final Thread writer = Thread.ofVirtual().start(() -> overwrite(cluster, image));

            final String health = await(cluster, "DEVICE_FAILED", "health");

            assertThat(health)
                    .contains("on host b fails: it cannot be written to, and serves nothing", "basalt device out")
                    .doesNotContain(SILENT);
            assertThat(await(cluster, "failed", "device", "ls")).containsPattern("chunk-b +failed ");
            assertThat(cluster.attempt("status")).contains("1 failed", "DEVICE_FAILED");
            writer.interrupt();
            writer.join();
        }
    }

    /// From now on a process may write nothing behind the first blocks of a file: such a write fails with EFBIG.
    private static void refuseWrites(long processId) throws IOException, InterruptedException {
        final Process limiter = new ProcessBuilder(LIMITER.toString(), "--pid=" + processId, "--fsize=4096:4096")
                .inheritIO()
                .start();
        assertThat(limiter.waitFor()).isZero();
    }

    private static void overwrite(ClusterProcesses cluster, String image) {
        try {
            cluster.attempt("import", image, "vm1", "--yes");
        } catch (IOException | InterruptedException | AssertionError ended) {
            // The test has seen what it wants.
        }
    }

    private static String await(ClusterProcesses cluster, String wanted, String... words) {
        final AtomicReference<String> last = new AtomicReference<>("");
        Watch.until(
                String.join(" ", words) + " says " + wanted,
                BOUND,
                () -> {
                    last.set(attempt(cluster, words));
                    // On a busy machine the signs of life of a healthy one may be late for a moment.
                    return last.get().contains(wanted) && !last.get().contains(SILENT);
                },
                () -> last.get() + cluster.report());
        return last.get();
    }

    private static String attempt(ClusterProcesses cluster, String... words) {
        try {
            return cluster.attempt(words);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }
}
