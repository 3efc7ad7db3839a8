package io.basalt.chunk.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import io.basalt.store.chunk.Durability;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a chunk server does about a device that it cannot use any more.
class RefusedDeviceTest {
    private static final long FILE_BYTES = 64L << 20;

    @TempDir
    private Path folder;

    private ChunkOptions options(Path data, String... names) {
        final List<DeviceOptions> devices = new ArrayList<>();
        for (final String name : names) {
            devices.add(DeviceOptions.file(folder.resolve(name), FILE_BYTES).withDurability(Durability.PLP));
        }
        return ChunkOptions.of(
                data,
                new ClusterKey(new byte[ClusterKey.BYTES]),
                "node",
                List.of(new NodeAddress("127.0.0.1", 1)),
                devices);
    }

    private void destroy(String name) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
            file.write(new byte[128 << 10]);
        }
    }

    @Test
    void aNodeThatTheClusterKnowsGoesOnWithItsOtherDevices() throws IOException {
        final ChunkOptions options = options(folder, "one.img", "two.img");
        try (ChunkServer server = ChunkServer.start(options)) {
            assertThat(server.addresses()).hasSize(2);
        }
        destroy("one.img");
        try (ChunkServer server = ChunkServer.start(options)) {
            assertThat(server.addresses()).hasSize(1);
        }
        destroy("two.img");
        try (ChunkServer server = ChunkServer.start(options)) {
            assertThat(server.addresses())
                    .as("it says to the metaserver that both are gone")
                    .isEmpty();
        }
    }

    @Test
    void aNodeThatIsNewDoesNotStartWithoutADevice() throws IOException {
        ChunkServer.start(options(folder, "one.img")).close();
        destroy("one.img");
        assertThatThrownBy(() -> ChunkServer.start(options(folder.resolve("new"), "one.img")))
                .isInstanceOf(DeviceRefusedException.class)
                .hasMessageContaining("one.img")
                .hasMessageContaining("format --again");
    }
}
