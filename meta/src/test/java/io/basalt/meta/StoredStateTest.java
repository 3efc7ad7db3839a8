package io.basalt.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.meta.log.MetaLogException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredStateTest {
    @TempDir
    private Path folder = Path.of("");

    @Test
    void aStoppedMetaserversStateIsReadAndItsFilesAreLeftAsTheyAre() throws IOException {
        try (ClusterFixture cluster = new ClusterFixture(folder, 2000)) {
            cluster.startNodes();
            assertThat(cluster.send("POST", "/v1/volumes", "{\"name\":\"vm1\",\"sizeBytes\":1073741824}")
                            .statusCode())
                    .isEqualTo(201);
            assertThatThrownBy(() -> StoredState.read(folder))
                    .isInstanceOf(MetaLogException.class)
                    .hasMessageContaining("another metaserver uses it");
        }
        // Half made when a crash came: not a tool's to remove.
        Files.writeString(StoredState.logFolder(folder).resolve("snapshot-00000000000000ff.new"), "half");
        final List<String> before = files();

        final StoredState stored = StoredState.read(folder);

        assertThat(Objects.requireNonNull(stored.state().volume("vm1")).sizeBytes())
                .isEqualTo(1 << 30);
        assertThat(Objects.requireNonNull(stored.state().set("default")).laidOut())
                .isTrue();
        assertThat(stored.lastIndex()).isPositive();
        assertThat(files()).isEqualTo(before);
    }

    @Test
    void aFolderWithoutALogIsNotMadeOne() {
        final Path none = folder.resolve("none");
        assertThatThrownBy(() -> StoredState.read(none))
                .isInstanceOf(MetaLogException.class)
                .hasMessageContaining("is not there");
        assertThat(none).doesNotExist();
    }

    /// Names and lengths.
    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> file + " " + file.toFile().length())
                    .sorted()
                    .toList();
        }
    }
}
