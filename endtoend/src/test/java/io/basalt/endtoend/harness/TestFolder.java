package io.basalt.endtoend.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A temporary folder with a path short enough for Unix sockets (108 bytes), removed with everything in it.
public final class TestFolder implements AutoCloseable {
    private final Path path;

    private TestFolder(Path path) {
        this.path = path;
    }

    public static TestFolder create() throws IOException {
        return new TestFolder(Files.createTempDirectory("basalt-e2e"));
    }

    public Path path() {
        return path;
    }

    /// A path inside the folder.
    public Path resolve(String name) {
        return path.resolve(name);
    }

    /// Makes a sparse file.
    public Path sparseFile(String name, long bytes) throws IOException {
        final Path file = resolve(name);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), bytes - 1);
        }
        return file;
    }

    @Override
    public void close() {
        try (Stream<Path> tree = Files.walk(path)) {
            final List<Path> deepestFirst =
                    tree.sorted(Comparator.reverseOrder()).toList();
            for (final Path entry : deepestFirst) {
                Files.deleteIfExists(entry);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + path, e);
        }
    }
}
