package io.basalt.cli.image;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Progress;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// An image from a server, fetched whole, because its format cannot be read from front to back.
///
/// What an interrupted run has fetched is kept, with the version that the server gave it, and the next
/// run goes on there if the server still has that version.
final class Download {
    private static final int PIECE_BYTES = 256 << 10;

    private final Path part;
    private final Path version;

    /// @param folder where it is kept meanwhile; made if it is not there
    Download(URI uri, Path folder) throws IOException {
        Files.createDirectories(folder);
        final String whole = uri.toString();
        final CRC32C sum = new CRC32C();
        sum.update(whole.getBytes(StandardCharsets.UTF_8));
        final String name = whole.substring(whole.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "_");
        part = folder.resolve(String.format("%08x-%s", sum.getValue(), name));
        version = folder.resolve(part.getFileName() + ".version");
    }

    /// Fetch what is missing.
    ///
    /// @return the file with the image
    Path fetch(HttpImage image, Progress progress) throws IOException {
        try (FileChannel file = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = file.tryLock()) {
            if (lock == null) {
                throw new CommandException(
                        ExitCode.CONFLICT, part + " is being fetched by somebody else", "wait until that is done");
            }
            final long from = begin(image, file);
            progress.begin("fetching", image.length());
            final byte[] piece = new byte[PIECE_BYTES];
            long at = from;
            file.position(at);
            for (int read = image.read(piece); read >= 0; read = image.read(piece)) {
                final ByteBuffer bytes = ByteBuffer.wrap(piece, 0, read);
                while (bytes.hasRemaining()) {
                    at += file.write(bytes);
                }
                progress.at(at);
            }
            file.truncate(at);
        }
        return part;
    }

    /// Where to go on.
    private long begin(HttpImage image, FileChannel file) throws IOException {
        final long have = file.size();
        final boolean same = Files.exists(version)
                && !image.version().isEmpty()
                && Files.readString(version).equals(image.version());
        if (same && have > 0 && have < image.length() && image.startAt(have)) {
            return have;
        }
        file.truncate(0);
        Files.writeString(version, image.version());
        return 0;
    }

    /// Remove what was fetched, once it is not needed any more.
    void discard() throws IOException {
        Files.deleteIfExists(part);
        Files.deleteIfExists(version);
    }
}
