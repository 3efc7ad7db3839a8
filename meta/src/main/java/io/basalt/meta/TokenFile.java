package io.basalt.meta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/// The file that a token is kept in for its owner: mode 0600, whole or not there.
final class TokenFile {
    private static final int LENGTH_MIN = 32;
    private static final int LENGTH_MAX = 256;

    private TokenFile() {}

    /// The token in a file, which is made if there is none.
    ///
    /// @throws IOException if it cannot be read or made, or holds no token
    static String readOrCreate(Path file, Supplier<String> draw) throws IOException {
        if (Files.exists(file)) {
            final String token = Files.readString(file).strip();
            if (token.length() < LENGTH_MIN || token.length() > LENGTH_MAX) {
                throw new IOException("holds no token; remove it, and a new one is made");
            }
            return token;
        }
        final String token = draw.get();
        final Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        try (FileChannel channel = FileChannel.open(
                unfinished,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            final ByteBuffer bytes = ByteBuffer.wrap((token + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        final Path folder = file.toAbsolutePath().getParent();
        Objects.requireNonNull(folder, "a file is in a folder");
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        }
        return token;
    }
}
