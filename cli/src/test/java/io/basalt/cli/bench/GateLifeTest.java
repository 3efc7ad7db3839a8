package io.basalt.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.linux.process.CpuClock;
import io.basalt.linux.socket.UnixListener;
import io.basalt.testkit.Await;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateLifeTest {
    private static final Duration BOUND = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    @Test
    void bringsDisksAndControllersBackAfterARestart() throws InterruptedException {
        try (GateBox box = new GateBox(folder)) {
            box.ramDisk("disk");
        }
        try (GateBox box = new GateBox(folder)) {
            assertThat(box.call("bdev_get_bdevs", "").path(0).path("name").stringValue())
                    .isEqualTo("disk");
            GateBox.assertThatTheDiskWorks(box.socket("disk"));
        }
    }

    @Test
    void keepsAGuestsPromiseOfWriteThroughAcrossARestart() {
        try (GateBox box = new GateBox(folder);
                SocketTransport transport = SocketTransport.connect(box.ramDisk("disk"), BOUND)) {
            final VhostUserFrontEnd frontEnd = frontEnd(transport);
            assertThat(frontEnd.config(60)[BlkSpec.CONFIG_WRITEBACK]).isEqualTo((byte) 1);
            frontEnd.writeConfig(BlkSpec.CONFIG_WRITEBACK, new byte[] {0});
        }
        try (GateBox box = new GateBox(folder);
                SocketTransport transport = SocketTransport.connect(box.socket("disk"), BOUND)) {
            assertThat(frontEnd(transport).config(60)[BlkSpec.CONFIG_WRITEBACK]).isZero();
        }
    }

    private static VhostUserFrontEnd frontEnd(SocketTransport transport) {
        final VhostUserFrontEnd frontEnd = new VhostUserFrontEnd(transport);
        frontEnd.connect(VhostUserSpec.PROTOCOL_F_REPLY_ACK | VhostUserSpec.PROTOCOL_F_CONFIG, -1);
        return frontEnd;
    }

    @Test
    void replacesASocketThatADeadGateLeft() throws IOException, InterruptedException {
        Files.createDirectories(folder.resolve("vhost"));
        try (GateBox box = new GateBox(folder)) {
            final UnixListener dead = UnixListener.listen(box.socket("disk"), 0600, 1);
            io.basalt.linux.file.FileDescriptor.close(dead.release());
            GateBox.assertThatTheDiskWorks(box.ramDisk("disk"));
        }
    }

    @Test
    void refusesASecondGateInTheSameFolder() {
        try (GateBox _ = new GateBox(folder)) {
            assertThatThrownBy(() -> new GateBox(folder))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("in use by another gate");
        }
    }

    @Test
    void deletesAControllerWithAFrontEndThatDoesNotLeave() {
        try (GateBox box = new GateBox(folder)) {
            final Path socket = box.ramDisk("disk");
            try (SocketTransport transport = SocketTransport.connect(socket, BOUND)) {
                assertThatThrownBy(() -> box.call("bdev_malloc_delete", "{'name':'disk'}"))
                        .isInstanceOf(RpcError.class)
                        .hasMessageContaining("disk");
                box.call("vhost_delete_controller", "{'ctrlr':'disk'}");
                assertThat(Files.exists(socket)).isFalse();
                box.call("bdev_malloc_delete", "{'name':'disk'}");
                assertThat(transport.peerProcessId()).isPositive();
            }
            assertThat(box.call("vhost_get_controllers", "")).isEmpty();
        }
    }

    @Test
    void connectsToAFrontEndThatListens() throws IOException {
        try (GateBox box = new GateBox(folder)) {
            box.call("bdev_malloc_create", "{'name':'disk','num_blocks':32768,'block_size':512}");
            final Path path = folder.resolve("qemu.sock");
            box.call(
                    "vhost_create_blk_controller",
                    "{'ctrlr':'disk','dev_name':'disk','mode':'client','socket':'" + path + "'}");
            try (UnixListener listener = UnixListener.listen(path, 0600, 1)) {
                final int[] accepted = {-1};
                Await.until("the gate connects", BOUND, () -> {
                    accepted[0] = listener.accept();
                    return accepted[0] >= 0;
                });
                // Hung up on, it connects again.
                io.basalt.linux.file.FileDescriptor.close(accepted[0]);
                Await.until("the gate connects again", BOUND, () -> {
                    accepted[0] = listener.accept();
                    return accepted[0] >= 0;
                });
                io.basalt.linux.file.FileDescriptor.close(accepted[0]);
            }
        }
    }

    @Test
    void servesASocketThatItInherited() throws IOException, InterruptedException {
        final Path image = folder.resolve("disk.img");
        Files.write(image, new byte[4 << 20]);
        final Path path = folder.resolve("inherited.sock");
        try (GateBox box = new GateBox(folder.resolve("gate"))) {
            final UnixListener listening = UnixListener.listen(path, 0600, 1);
            box.gate()
                    .serve(
                            new VolumeSpec.File(
                                    "disk",
                                    VolumeSpec.derivedUuid("disk"),
                                    VolumeSpec.Kind.URING,
                                    image.toString(),
                                    0,
                                    false),
                            new ControllerSpec("disk", "disk", path, ControllerSpec.Mode.SERVER, false, false, "", 1),
                            UnixListener.adopt(listening.release()));
            GateBox.assertThatTheDiskWorks(path);
        }
        assertThat(Files.exists(path))
                .as("the inherited socket's file is not the gate's to remove")
                .isTrue();
    }

    @Test
    void usesNoProcessorWhileAConnectedFrontEndIsIdle() {
        try (GateBox box = new GateBox(folder);
                SocketTransport transport = SocketTransport.connect(box.ramDisk("disk"), BOUND)) {
            assertThat(transport.peerProcessId()).isPositive();
            // In the process of the test other threads run too: the data reactors' own clocks are asked.
            final double[] share = {1};
            Await.until("the reactors sleep", BOUND, () -> {
                final long cpuBefore = box.gate().dataReactorCpuNs();
                final long before = System.nanoTime();
                java.util.concurrent.locks.LockSupport.parkNanos(500_000_000L);
                share[0] = (double) (box.gate().dataReactorCpuNs() - cpuBefore) / (System.nanoTime() - before);
                return share[0] < 0.01;
            });
            assertThat(share[0]).isLessThan(0.01);
            assertThat(CpuClock.ofProcess().nowNs()).isPositive();
        }
    }
}
