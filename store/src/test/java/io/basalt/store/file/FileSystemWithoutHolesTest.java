package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.store.TestBench;
import io.basalt.store.file.FileCounters.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The contract on a real file system that neither punches holes nor zeroes ranges nor takes O_DIRECT: ramfs. Needs
/// root; [FileVolumeTest] has the same on a device that only claims so.
class FileSystemWithoutHolesTest extends FileVolumeContract {
    private static Path mountPoint = Path.of("");

    @BeforeAll
    static void mount() throws IOException, InterruptedException {
        mountPoint = Files.createTempDirectory("basalt-ramfs");
        if (!run("mount", "-t", "ramfs", "basalt-test", mountPoint.toString())) {
            Files.delete(mountPoint);
            System.out.println("FileSystemWithoutHolesTest: skipped: ramfs cannot be mounted (it needs root)");
            Assumptions.abort("no ramfs");
        }
    }

    @AfterAll
    static void unmount() throws IOException, InterruptedException {
        if (Files.exists(mountPoint)) {
            assertThat(run("umount", mountPoint.toString())).isTrue();
            Files.delete(mountPoint);
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        final Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return false;
        }
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        return process.exitValue() == 0;
    }

    @Override
    Path parent() {
        return mountPoint;
    }

    @Override
    boolean direct() {
        return false;
    }

    @Override
    protected int allocationRuns() {
        return 0;
    }

    @Test
    void offersNoDiscardFromTheStartAndWritesTheZeros() {
        final TestBench b = bench();
        final FileVolume volume = (FileVolume) b.volume();
        assertThat(volume.supports(BlockOperation.DISCARD)).isFalse();
        assertThat(volume.supports(BlockOperation.WRITE_ZEROES)).isTrue();
        b.write(0, TestBench.filled(1 << 20, 1));
        assertThat(b.run(BlockOperation.DISCARD, 0, 1 << 20)).isEqualTo(BlockStatus.UNSUPPORTED);
        assertThat(b.run(BlockOperation.WRITE_ZEROES, 0, 1 << 20)).isEqualTo(BlockStatus.OK);
        assertThat(b.read(0, 1 << 20)).isEqualTo(new byte[1 << 20]);
        assertThat(volume.counters().of(Event.ZEROS_WRITTEN)).isPositive();
    }
}
