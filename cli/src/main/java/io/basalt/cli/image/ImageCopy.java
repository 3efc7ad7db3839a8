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
/// Pieces of zeroes are not written where the disk is known to read as zeroes; elsewhere they are, as
/// requests for zeroes if the disk understands those. A copy that was interrupted is gone on with by
/// comparing: whatever came between, the result is right.
final class ImageCopy {
    /// What the target holds before.
    enum Onto {
        /// Zeroes.
        ZEROES,
        /// Anything.
        ANYTHING,
        /// Much of what it is to hold: it is read, and what is equal already is not written again.
        AN_EARLIER_COPY
    }

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
    /// @return bytes of the image
    long load(InputStream image, long length, Onto onto) throws IOException {
        progress.begin("importing", length);
        final int[] slots = new int[disk.slots() / 2];
        final int[] lengths = new int[slots.length];
        long offset = 0;
        int read = PIECE_BYTES;
        while (read == PIECE_BYTES) {
            int count = 0;
            final long first = offset;
            while (count < slots.length && read == PIECE_BYTES) {
                final int slot = disk.slot();
                read = fill(image, disk.buffer(slot));
                slots[count] = slot;
                lengths[count] = take(slot, offset, read);
                offset += read;
                count++;
            }
            put(slots, lengths, count, first, onto);
            progress.at(offset);
        }
        if (length >= 0 && offset != length) {
            throw new EOFException("the image ended at byte " + offset + " of " + length);
        }
        disk.flush();
        return offset;
    }

    /// A piece of the image is in a slot: fill it up to whole sectors, and remember it.
    ///
    /// @return its bytes
    private int take(int slot, long offset, int read) throws IOException {
        final int whole = (read + SECTOR - 1) & -SECTOR;
        if (offset + whole > disk.capacityBytes()) {
            throw new IOException("the image is larger than the disk of " + disk.capacityBytes() + " bytes");
        }
        final MemorySegment buffer = disk.buffer(slot);
        buffer.asSlice(read, whole - read).fill((byte) 0);
        if (whole > 0) {
            remember(offset, buffer.asSlice(0, whole));
        }
        return whole;
    }

    /// Write pieces that follow one another.
    private void put(int[] slots, int[] lengths, int count, long first, Onto onto) {
        if (onto != Onto.AN_EARLIER_COPY) {
            for (int piece = 0; piece < count; piece++) {
                put(slots[piece], first + (long) piece * PIECE_BYTES, lengths[piece], onto);
            }
            return;
        }
        final int[] present = new int[count];
        for (int piece = 0; piece < count; piece++) {
            present[piece] = disk.slot();
            if (lengths[piece] > 0) {
                disk.read(present[piece], first + (long) piece * PIECE_BYTES, lengths[piece]);
            }
        }
        for (int piece = 0; piece < count; piece++) {
            final int length = lengths[piece];
            disk.await(present[piece]);
            final MemorySegment wanted = disk.buffer(slots[piece]);
            if (MemorySegment.mismatch(disk.buffer(present[piece]), 0, length, wanted, 0, length) >= 0) {
                put(slots[piece], first + (long) piece * PIECE_BYTES, length, onto);
            }
        }
    }

    private void put(int slot, long offset, int length, Onto onto) {
        if (length == 0) {
            return;
        }
        if (isZero(disk.buffer(slot), length)) {
            if (onto == Onto.ZEROES) {
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
    /// @param onto what the file holds
    void save(@Nullable RandomAccessFile file, OutputStream stream, Onto onto) throws IOException {
        final long end = disk.capacityBytes();
        progress.begin("exporting", end);
        final FileChannel channel = file == null ? null : file.getChannel();
        final long[] offsets = new long[disk.slots()];
        final int[] lengths = new int[disk.slots()];
        for (long offset = 0; offset < end; offset += PIECE_BYTES) {
            final int slot = disk.slot();
            give(slot, offsets[slot], lengths[slot], channel, stream, onto);
            offsets[slot] = offset;
            lengths[slot] = (int) Math.min(PIECE_BYTES, end - offset);
            disk.read(slot, offset, lengths[slot]);
            progress.at(offset);
        }
        for (int turn = 0; turn < lengths.length; turn++) {
            final int slot = disk.slot();
            give(slot, offsets[slot], lengths[slot], channel, stream, onto);
        }
        if (file == null) {
            stream.flush();
        } else {
            file.setLength(end);
            file.getFD().sync();
        }
    }

    private void give(int slot, long offset, int length, @Nullable FileChannel channel, OutputStream stream, Onto onto)
            throws IOException {
        if (length == 0) {
            return;
        }
        final MemorySegment piece = disk.buffer(slot).asSlice(0, length);
        if (channel == null) {
            stream.write(piece.toArray(ValueLayout.JAVA_BYTE));
            written += length;
        } else if (onto == Onto.ZEROES ? !isZero(piece, length) : !isThere(piece, offset, channel)) {
            final ByteBuffer bytes = piece.asByteBuffer();
            while (bytes.hasRemaining()) {
                channel.write(bytes, offset + bytes.position());
            }
            written += length;
        }
    }

    /// Whether a file holds these bytes; what lies behind its end is going to be zeroes.
    private static boolean isThere(MemorySegment piece, long offset, FileChannel channel) throws IOException {
        final ByteBuffer present = ByteBuffer.allocate((int) piece.byteSize());
        int read = 0;
        while (read >= 0 && present.hasRemaining()) {
            read = channel.read(present, offset + present.position());
        }
        return piece.mismatch(MemorySegment.ofArray(present.array())) < 0;
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
