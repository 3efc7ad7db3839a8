package io.basalt.gate.scsi;

import io.basalt.scsi.ReservationStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The files that reservations outlive the gate in: `reservations-<uuid of the volume>` in the data folder, as
/// [ReservationStore] is given them, replaced as a whole.
///
/// Control reactor, which waits for the disk here.
public final class ReservationFiles {
    /// Keeps nothing.
    public static final ReservationFiles NONE = new ReservationFiles(null);

    private static final System.Logger LOG = System.getLogger(ReservationFiles.class.getName());
    private static final long BYTES_MAX = 1 << 20;

    private final @Nullable Path folder;

    /// @param folder that exists; null to keep nothing
    public ReservationFiles(@Nullable Path folder) {
        this.folder = folder;
    }

    /// What is kept for a volume; empty if nothing is.
    ///
    /// @throws UncheckedIOException if it cannot be read
    byte[] load(UUID volume) {
        if (folder == null) {
            return new byte[0];
        }
        final Path file = file(folder, volume);
        try {
            if (!Files.exists(file)) {
                return new byte[0];
            }
            if (Files.size(file) > BYTES_MAX) {
                throw new IOException("it is longer than " + BYTES_MAX + " bytes");
            }
            return Files.readAllBytes(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(
                    "reservations " + file + " cannot be read: " + failure.getMessage(), failure);
        }
    }

    /// The place for a volume's.
    ReservationStore store(UUID volume) {
        return folder == null ? ReservationStore.NONE : bytes -> save(folder, file(folder, volume), bytes);
    }

    private static Path file(Path folder, UUID volume) {
        return folder.resolve("reservations-" + volume);
    }

    private static boolean save(Path folder, Path file, byte[] bytes) {
        try {
            if (bytes.length == 0) {
                Files.deleteIfExists(file);
            } else {
                final Path made = file.resolveSibling(file.getFileName() + ".new");
                write(made, bytes);
                Files.move(made, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
                directory.force(true);
            }
            return true;
        } catch (IOException failure) {
            LOG.log(Level.ERROR, "reservations {0} cannot be written: {1}; the guest's command fails", file, failure);
            return false;
        }
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING))) {
            final ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }
}
