package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Volume;
import io.basalt.linux.file.FileSpec;
import io.basalt.store.TestBench;
import io.basalt.store.VolumeContract;
import io.basalt.store.VolumeException;
import io.basalt.store.file.FileCounters.Event;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// The volume contract on real block devices: loop devices with sectors of 512 and of 4096 bytes. Needs root.
class LoopDeviceTest {
    abstract static class OnLoopDevice extends VolumeContract {
        private Path backing = Path.of("");
        private String device = "";

        abstract int sectorBytes();

        @Override
        protected int blockSize() {
            return 512;
        }

        @Override
        protected int allocationRuns() {
            return 0;
        }

        @Override
        protected boolean reopenable() {
            return true;
        }

        @Override
        protected boolean canGrow() {
            return false;
        }

        @BeforeEach
        void requireLoopDevices() throws IOException, InterruptedException {
            backing = Files.createTempFile("basalt-loop", ".raw");
            FileVolumeContract.truncate(backing, 1 << 20);
            attach();
            if (device.isEmpty()) {
                Files.delete(backing);
                System.out.println("LoopDeviceTest: skipped: losetup gives no loop device (it needs root)");
                Assumptions.abort("no loop device");
            }
            detach();
        }

        @AfterEach
        void removeDevice() throws IOException, InterruptedException {
            closeBench();
            detach();
            Files.deleteIfExists(backing);
        }

        private void attach() throws IOException, InterruptedException {
            final String answer =
                    run("losetup", "--find", "--show", "--sector-size", "" + sectorBytes(), backing.toString());
            device = answer.startsWith("/dev/loop") ? answer : "";
        }

        private void detach() throws IOException, InterruptedException {
            if (!device.isEmpty()) {
                run("losetup", "--detach", device);
                device = "";
            }
        }

        /// @return what the command printed, or nothing if it is not there
        private static String run(String... command) throws IOException, InterruptedException {
            final Process process;
            try {
                process = new ProcessBuilder(command).redirectErrorStream(true).start();
            } catch (IOException e) {
                return "";
            }
            final String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
            return printed;
        }

        @Override
        protected Volume create(long sizeBytes) {
            FileVolumeContract.truncate(backing, sizeBytes);
            try {
                attach();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
            return reopen();
        }

        private FileOptions options() {
            return FileOptions.of("loop0", Path.of(device)).withBlockSize(512);
        }

        DeviceQueue.Source source() {
            return UringDeviceQueue::open;
        }

        @Override
        protected Volume reopen() {
            return FileVolume.open(options(), source(), 1);
        }

        @Override
        protected Volume reopenReadOnly() {
            return FileVolume.open(options().withReadOnly(true));
        }

        @Test
        void knowsTheDevice() {
            final FileVolume volume = (FileVolume) bench().volume();
            assertThat(volume.path().blockDevice()).isTrue();
            assertThat(volume.path().direct()).isTrue();
            assertThat(volume.path().offsetAlignment()).isEqualTo(sectorBytes());
            assertThat(volume.path().readModifyWrite()).isEqualTo(sectorBytes() > 512);
            assertThatThrownBy(() -> volume.resize(64 << 20))
                    .isInstanceOf(VolumeException.class)
                    .hasMessageContaining("is a block device");
            assertThatThrownBy(() -> FileVolume.open(options()))
                    .isInstanceOfSatisfying(
                            VolumeException.class, e -> assertThat(e.kind()).isEqualTo(VolumeException.Kind.BUSY));
        }

        @Test
        void seesThatTheDeviceHasGrown() throws IOException, InterruptedException {
            final TestBench b = bench();
            final FileVolume volume = (FileVolume) b.volume();
            FileVolumeContract.truncate(backing, 8 << 20);
            run("losetup", "--set-capacity", device);
            assertThat(volume.rescan()).isTrue();
            assertThat(volume.sizeBytes()).isEqualTo(8 << 20);
            assertThat(b.write((8 << 20) - 512, TestBench.filled(512, 1))).isEqualTo(BlockStatus.OK);
            assertThat(b.read((8 << 20) - 512, 512)).isEqualTo(TestBench.filled(512, 1));
        }

        @Test
        void discardsWithoutWritingZerosWhereTheSectorsAreWhole() {
            final TestBench b = bench();
            final FileVolume volume = (FileVolume) b.volume();
            if (!volume.supports(BlockOperation.DISCARD)) {
                System.out.println("LoopDeviceTest: skipped discard: the loop device's file cannot");
                return;
            }
            b.write(0, TestBench.filled(1 << 20, 1));
            assertThat(b.run(BlockOperation.DISCARD, 0, 1 << 20)).isEqualTo(BlockStatus.OK);
            assertThat(b.read(0, 1 << 20)).isEqualTo(new byte[1 << 20]);
            assertThat(volume.counters().of(Event.ZEROS_WRITTEN)).isZero();
        }
    }

    /// A device that has a discard, and no command that zeroes: here the loop device's own, with hole punching
    /// refused on the way to it.
    @Nested
    class ThatOnlyForgets extends OnLoopDevice {
        @Override
        int sectorBytes() {
            return 512;
        }

        @Override
        DeviceQueue.Source source() {
            return FaultyQueue.source(Seeds.random(1), FileSpec.FALLOC_FL_PUNCH_HOLE);
        }

        @Override
        protected boolean discardsSurely() {
            return false;
        }

        @Test
        void discardsWithTheDevicesOwnCommand() {
            final TestBench b = bench();
            final FileVolume volume = (FileVolume) b.volume();
            b.write(0, TestBench.filled(1 << 20, 1));
            final BlockStatus status = b.run(BlockOperation.DISCARD, 0, 1 << 20);
            if (status == BlockStatus.UNSUPPORTED) {
                System.out.println("LoopDeviceTest: skipped: the kernel has no discard in its rings (before 6.12)");
                assertThat(volume.supports(BlockOperation.DISCARD)).isFalse();
                return;
            }
            assertThat(status).isEqualTo(BlockStatus.OK);
            assertThat(volume.clearing(true, true)).isEqualTo(Clearing.FORGET);
            assertThat(volume.counters().of(Event.DISCARD_UNSUPPORTED)).isZero();
            assertThat(b.read(0, 1 << 20)).as("a loop device's discard punches").isEqualTo(new byte[1 << 20]);
        }
    }

    @Nested
    class WithSectorsOf512 extends OnLoopDevice {
        @Override
        int sectorBytes() {
            return 512;
        }
    }

    @Nested
    class WithSectorsOf4096 extends OnLoopDevice {
        @Override
        int sectorBytes() {
            return 4096;
        }
    }
}
