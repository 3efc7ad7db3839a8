package io.basalt.net.tcp;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/// The file that a cluster's key lives in: 64 hexadecimal digits, readable by its owner alone.
public final class ClusterKeyFile {
    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    private static final int BYTES_MAX = 2 * ClusterKey.BYTES + 2;

    private ClusterKeyFile() {}

    /// Reads a key.
    ///
    /// @throws NetException saying what is wrong with the file and what to do; never what is in it
    public static ClusterKey read(Path file) {
        try {
            final PosixFileAttributes attributes =
                    Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                throw new NetException("cluster key " + file + " is not a regular file");
            }
            if (!OWNER_ONLY.containsAll(attributes.permissions())) {
                throw new NetException("cluster key " + file + " has permissions "
                        + PosixFilePermissions.toString(attributes.permissions())
                        + ": others could read or change it; run chmod 0600 on it, and make a new key if it is not"
                        + " certain that nobody has");
            }
            if (attributes.size() > BYTES_MAX) {
                throw new NetException("cluster key " + file + " has " + attributes.size() + " bytes, expected "
                        + 2 * ClusterKey.BYTES + " hexadecimal digits");
            }
            return ClusterKey.parse(
                    Files.readString(file, StandardCharsets.ISO_8859_1).strip());
        } catch (NoSuchFileException e) {
            throw new NetException("cluster key " + file
                    + " does not exist: copy it from another node of the cluster, or create one for a new cluster");
        } catch (IOException e) {
            throw new NetException("cluster key " + file + " cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new NetException("cluster key " + file + " is malformed: " + e.getMessage());
        }
    }

    /// Creates a file with a new random key.
    ///
    /// @throws NetException if the file exists or cannot be written
    public static ClusterKey create(Path file) {
        final byte[] bytes = new byte[ClusterKey.BYTES];
        new SecureRandom().nextBytes(bytes);
        final FileAttribute<Set<PosixFilePermission>> permissions = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
        final Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (SeekableByteChannel channel = Files.newByteChannel(file, options, permissions)) {
            final ByteBuffer text =
                    StandardCharsets.US_ASCII.encode(HexFormat.of().formatHex(bytes) + "\n");
            while (text.hasRemaining()) {
                channel.write(text);
            }
        } catch (IOException e) {
            throw new NetException("cluster key " + file + " cannot be created: " + e);
        }
        return new ClusterKey(bytes);
    }
}
