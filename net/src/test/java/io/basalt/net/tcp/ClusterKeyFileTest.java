package io.basalt.net.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterKeyFileTest {
    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void createdKeyIsPrivateAndReadsBack() throws IOException {
        final Path file = directory.resolve("key");
        final ClusterKey created = ClusterKeyFile.create(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file)).matches("[0-9a-f]{64}\n");
        final ClusterKey read = ClusterKeyFile.read(file);
        assertThat(read.mac("label", NOTHING, NOTHING)).isEqualTo(created.mac("label", NOTHING, NOTHING));
        assertThatThrownBy(() -> ClusterKeyFile.create(file)).isInstanceOf(NetException.class);
    }

    @Test
    void keyThatOthersCanReadIsRefused() throws IOException {
        final Path file = directory.resolve("key");
        ClusterKeyFile.create(file);
        for (final String permissions : new String[] {"rw-r-----", "rw----r--", "rw--w----", "rwx------"}) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
            assertThatThrownBy(() -> ClusterKeyFile.read(file))
                    .isInstanceOf(NetException.class)
                    .hasMessageContaining(permissions)
                    .hasMessageContaining("chmod 0600");
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        assertThat(ClusterKeyFile.read(file)).isNotNull();
    }

    @Test
    void malformedKeyIsRefusedWithoutShowingIt() throws IOException {
        final Path file = directory.resolve("key");
        ClusterKeyFile.create(file);
        for (final String text : new String[] {"", "5ec2e7", "x".repeat(64), "5ec2e7".repeat(200)}) {
            Files.writeString(file, text);
            assertThatThrownBy(() -> ClusterKeyFile.read(file))
                    .isInstanceOf(NetException.class)
                    .hasMessageContaining("64 hexadecimal digits")
                    .hasMessageNotContaining("5ec2e7")
                    .hasMessageNotContaining("xx")
                    .hasNoCause();
        }
    }

    @Test
    void linkAndAbsentFileAreRefused() throws IOException {
        final Path file = directory.resolve("key");
        assertThatThrownBy(() -> ClusterKeyFile.read(file)).hasMessageContaining("does not exist");
        ClusterKeyFile.create(file);
        final Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertThatThrownBy(() -> ClusterKeyFile.read(link)).hasMessageContaining("not a regular file");
    }

    @Test
    void keyIsNeverShown() {
        assertThat(new ClusterKey(new byte[ClusterKey.BYTES])).hasToString("ClusterKey[redacted]");
    }
}
