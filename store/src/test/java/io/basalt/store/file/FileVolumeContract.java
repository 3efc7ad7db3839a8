package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.Volume;
import io.basalt.store.TestBench;
import io.basalt.store.VolumeContract;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The contract on a file, whichever way its data takes.
abstract class FileVolumeContract extends VolumeContract {
    private Path directory = Path.of("");
    private Path file = Path.of("");

    /// Where the file is made.
    Path parent() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    boolean direct() {
        return true;
    }

    int leastAlignment() {
        return 1;
    }

    DeviceQueue.Source source() {
        return UringDeviceQueue::open;
    }

    @Override
    protected int blockSize() {
        return 512;
    }

    @Override
    protected int allocationRuns() {
        return 20_000;
    }

    @Override
    protected boolean reopenable() {
        return true;
    }

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(parent(), "basalt-store");
        file = directory.resolve("disk.raw");
    }

    @AfterEach
    void removeDirectory() throws IOException {
        closeBench();
        Files.deleteIfExists(file);
        Files.delete(directory);
    }

    final Path file() {
        return file;
    }

    final FileOptions options() {
        return FileOptions.of("file0", file).withBlockSize(blockSize()).withDirect(direct());
    }

    static void truncate(Path path, long bytes) {
        try (RandomAccessFile made = new RandomAccessFile(path.toFile(), "rw")) {
            made.setLength(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected Volume create(long sizeBytes) {
        truncate(file, sizeBytes);
        return reopen();
    }

    @Override
    protected FileVolume reopen() {
        return FileVolume.open(options(), source(), leastAlignment());
    }

    @Override
    protected Volume reopenReadOnly() {
        return FileVolume.open(options().withReadOnly(true), source(), leastAlignment());
    }

    @Test
    void saysWhichWayDataTakes() {
        final FileVolume volume = (FileVolume) bench().volume();
        assertThat(volume.path().direct()).isEqualTo(direct());
        assertThat(volume.describe()).contains(direct() ? "O_DIRECT, memory" : "buffered", "counted:");
    }

    @Test
    void discardFreesSpaceAndReadsAsZeros() throws IOException {
        final TestBench b = bench();
        if (!b.volume().supports(BlockOperation.DISCARD) || !discardsSurely()) {
            System.out.println(getClass().getSimpleName() + ": skipped discard: refused by the device");
            return;
        }
        b.write(0, TestBench.filled(1 << 20, 1));
        b.run(BlockOperation.FLUSH, 0, 0);
        b.run(BlockOperation.DISCARD, 0, 1 << 20);
        assertThat(b.read(0, 1 << 20)).isEqualTo(new byte[1 << 20]);
    }
}
