package io.basalt.endtoend.harness;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where things are on this machine: the source tree that is being tested and the Java that runs it.
public final class Repository {
    private Repository() {}

    /// The folder that holds the `basalt` launcher.
    public static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.isExecutable(folder.resolve("basalt")) || !Files.isDirectory(folder.resolve("endtoend"))) {
            final Path parent = folder.getParent();
            if (parent == null) {
                throw new IllegalStateException(
                        "not inside the source tree: " + Path.of("").toAbsolutePath());
            }
            folder = parent;
        }
        return folder;
    }

    /// The java program of the running JVM.
    public static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }
}
