package io.basalt.endtoend;

import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.TestFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// A gate with one file volume, `disk`, in a temporary folder: where each guest test starts.
record GateScene(TestFolder folder, GateProcess gate, Path file) implements AutoCloseable {
    static final String VOLUME = "disk";
    static final String SLOW_VOLUME = "slow";
    static final long DISK_BYTES = 256L << 20;

    static GateScene open() throws IOException {
        final TestFolder folder = TestFolder.create();
        try {
            final Path file = folder.sparseFile("disk.raw", DISK_BYTES);
            final GateProcess gate = GateProcess.start(folder);
            final GateScene scene = new GateScene(folder, gate, file);
            try {
                gate.rpc().createFileVolume(VOLUME, file);
            } catch (IOException | AssertionError e) {
                scene.close();
                throw e;
            }
            return scene;
        } catch (IOException | AssertionError e) {
            folder.close();
            throw e;
        }
    }

    /// A disk whose socket lies in this scene's folder.
    GuestDisk disk(String name) {
        return GuestDisk.at(folder.resolve(name + ".sock"));
    }

    /// Makes a writable controller for the disk.
    void serve(String controller, GuestDisk disk) throws IOException {
        gate.rpc().createController(controller, VOLUME, disk, false);
    }

    /// Makes a writable controller for the disk behind a delay, so that requests are in flight at any moment.
    void serveSlowly(String controller, GuestDisk disk, Duration delay) throws IOException {
        gate.rpc().createDelayVolume(SLOW_VOLUME, VOLUME, delay);
        gate.rpc().createController(controller, SLOW_VOLUME, disk, false);
    }

    @Override
    public void close() {
        gate.close();
        folder.close();
    }
}
