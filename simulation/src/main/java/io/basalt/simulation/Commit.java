package io.basalt.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Which commit of the source tree this runs in: a seed means the same only with the same code.
final class Commit {
    private static final String UNKNOWN = "unknown";
    private static final String REFERENCE = "ref: ";

    private Commit() {}

    /// The commit, as `-Dbasalt.commit` says or the tree that the working folder lies in; "unknown" outside of one.
    static String name() {
        final String given = System.getProperty("basalt.commit", "");
        if (!given.isEmpty()) {
            return given;
        }
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve(".git/HEAD"))) {
                try {
                    return of(folder.resolve(".git"));
                } catch (IOException unreadable) {
                    return UNKNOWN + " (" + unreadable + ")";
                }
            }
        }
        return UNKNOWN;
    }

    private static String of(Path git) throws IOException {
        final String head = Files.readString(git.resolve("HEAD")).strip();
        if (!head.startsWith(REFERENCE)) {
            return head;
        }
        final Path reference = git.resolve(head.substring(REFERENCE.length()));
        return Files.exists(reference) ? Files.readString(reference).strip() : head;
    }
}
