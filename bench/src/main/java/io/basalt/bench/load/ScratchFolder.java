package io.basalt.bench.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/// A folder for one comparison, removed with all that is in it.
record ScratchFolder(Path path) implements AutoCloseable {
    /// Make one in another folder.
    static ScratchFolder in(String parent) throws IOException {
        return new ScratchFolder(
                Files.createTempDirectory(Path.of(parent), "basalt-bench").toAbsolutePath());
    }

    Path resolve(String name) {
        return path.resolve(name);
    }

    @Override
    public void close() {
        try (Stream<Path> all = Files.walk(path)) {
            for (final Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("not removed: " + path, failure);
        }
    }
}
