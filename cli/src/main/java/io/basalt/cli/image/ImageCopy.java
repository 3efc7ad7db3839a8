package io.basalt.cli.image;

import io.basalt.cli.output.Progress;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The copying of a raw image, in pieces of 64 KiB: what a chunk server writes as one.
///
/// Pieces of zeroes are not written where the disk is known to read as zeroes; elsewhere they are, as requests for
/// zeroes if the disk understands those.
final class ImageCopy {
    /// Bytes of a piece.
    static final int PIECE_BYTES = 64 << 10;
    /// Pieces under way at once.
    static final int SLOTS = 32;

    private static final int SECTOR = 512;
    private static final int SUMS_FIRST = 1024;

    private final BlockClient disk;
    private final Progress progress;
    private final MemorySegment zeroes = Arena.ofAuto().allocate(PIECE_BYTES, PIECE_BYTES);
    private int[] sums = new int[SUMS_FIRST];
    private long written;

    ImageCopy(BlockClient disk, Progress progress) {
        this.disk = disk;
        this.progress = progress;
    }

    /// Bytes that were stored as data.
    long writtenBytes() {
        return written;
    }

    /// Copy an image onto the disk and make it durable.
    ///
    /// @param length bytes of the image; negative if it ends where it ends
    /// @param blank whether the disk reads as zeroes
    /// @return bytes of the image
    long load(InputStream image, long length, boolean blank) throws IOException {
        progress.begin("importing", length);
        long offset = 0;
        while (true) {
            final int slot = disk.slot();
            final MemorySegment buffer = disk.buffer(slot);
            final int read = fill(image, buffer);
            if (read == 0) {
                break;
            }
            final int whole = (read + SECTOR - 1) & -SECTOR;
            if (offset + whole > disk.capacityBytes()) {
                throw new IOException("the image is larger than the disk of " + disk.capacityBytes() + " bytes");
            }
            buffer.asSlice(read, whole - read).fill((byte) 0);
            remember(offset, buffer.asSlice(0, whole));
            put(slot, buffer, offset, whole, blank);
            offset += read;
            progress.at(offset);
            if (read < PIECE_BYTES) {
                break;
            }
        }
        if (length >= 0 && offset != length) {
            throw new EOFException("the image ended at byte " + offset + " of " + length);
        }
        disk.flush();
        return offset;
    }

    private void put(int slot, MemorySegment buffer, long offset, int length, boolean blank) {
        if (isZero(buffer, length)) {
            if (blank) {
                return;
            }
            if (disk.canWriteZeroes()) {
                disk.writeZeroes(slot, offset, length);
                return;
            }
        }
        written += length;
        disk.write(slot, offset, length);
    }

    /// Read everything back that was loaded, and compare.
    ///
    /// @param length bytes of the image
    void verify(long length) throws IOException {
        progress.begin("verifying", length);
        final long[] offsets = new long[disk.slots()];
        final int[] lengths = new int[disk.slots()];
        final long end = (length + SECTOR - 1) & -SECTOR;
        for (long offset = 0; offset < end; offset += PIECE_BYTES) {
            final int slot = disk.slot();
            compare(slot, offsets[slot], lengths[slot]);
            offsets[slot] = offset;
            lengths[slot] = (int) Math.min(PIECE_BYTES, end - offset);
            disk.read(slot, offset, lengths[slot]);
            progress.at(offset);
        }
        disk.drain();
        for (int slot = 0; slot < lengths.length; slot++) {
            compare(slot, offsets[slot], lengths[slot]);
        }
    }

    private void compare(int slot, long offset, int length) throws IOException {
        if (length > 0 && sums[piece(offset)] != sum(disk.buffer(slot).asSlice(0, length))) {
            throw new IOException("verify: the disk holds other data than the image within the " + length
                    + " bytes at byte " + offset);
        }
    }

    private void remember(long offset, MemorySegment piece) {
        final int index = piece(offset);
        if (index >= sums.length) {
            sums = Arrays.copyOf(sums, sums.length * 2);
        }
        sums[index] = sum(piece);
    }

    private static int piece(long offset) {
        return Math.toIntExact(offset / PIECE_BYTES);
    }

    private static int sum(MemorySegment piece) {
        final CRC32C crc = new CRC32C();
        crc.update(piece.asByteBuffer());
        return (int) crc.getValue();
    }

    /// Copy the disk to an image.
    ///
    /// @param file where pieces of zeroes become holes; null to write everything to the stream
    /// @param stream where the image goes if there is no file
    void save(@Nullable RandomAccessFile file, OutputStream stream) throws IOException {
        final long end = disk.capacityBytes();
        progress.begin("exporting", end);
        final FileChannel channel = file == null ? null : file.getChannel();
        final long[] offsets = new long[disk.slots()];
        final int[] lengths = new int[disk.slots()];
        for (long offset = 0; offset < end; offset += PIECE_BYTES) {
            final int slot = disk.slot();
            take(slot, offsets[slot], lengths[slot], channel, stream);
            offsets[slot] = offset;
            lengths[slot] = (int) Math.min(PIECE_BYTES, end - offset);
            disk.read(slot, offset, lengths[slot]);
            progress.at(offset);
        }
        for (int turn = 0; turn < lengths.length; turn++) {
            final int slot = disk.slot();
            take(slot, offsets[slot], lengths[slot], channel, stream);
        }
        if (file == null) {
            stream.flush();
        } else {
            file.setLength(end);
            file.getFD().sync();
        }
    }

    private void take(int slot, long offset, int length, @Nullable FileChannel channel, OutputStream stream)
            throws IOException {
        if (length == 0) {
            return;
        }
        final MemorySegment piece = disk.buffer(slot).asSlice(0, length);
        if (channel == null) {
            stream.write(piece.toArray(ValueLayout.JAVA_BYTE));
            written += length;
        } else if (!isZero(piece, length)) {
            final ByteBuffer bytes = piece.asByteBuffer();
            while (bytes.hasRemaining()) {
                channel.write(bytes, offset + bytes.position());
            }
            written += length;
        }
    }

    private boolean isZero(MemorySegment piece, int length) {
        return MemorySegment.mismatch(piece, 0, length, zeroes, 0, length) < 0;
    }

    private static int fill(InputStream image, MemorySegment buffer) throws IOException {
        final byte[] bytes = image.readNBytes(PIECE_BYTES);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer, 0, bytes.length);
        return bytes.length;
    }
}
