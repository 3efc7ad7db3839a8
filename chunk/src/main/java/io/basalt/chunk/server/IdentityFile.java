package io.basalt.chunk.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/// A file that holds who something is: a UUID drawn when it is first asked for, kept ever after.
final class IdentityFile {
    private IdentityFile() {}

    /// The identity in a file; made if there is none.
    static UUID readOrCreate(Path file) {
        try {
            if (Files.exists(file)) {
                return UUID.fromString(Files.readString(file).strip());
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            final UUID drawn = UUID.randomUUID();
            Files.writeString(file, drawn + System.lineSeparator());
            return drawn;
        } catch (IOException | IllegalArgumentException e) {
            throw new ChunkServerException("identity file " + file + ": " + e.getMessage()
                    + "; correct the folder's permissions, or restore the file");
        }
    }
}
