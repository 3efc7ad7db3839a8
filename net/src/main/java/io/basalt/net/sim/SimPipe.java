package io.basalt.net.sim;

import io.basalt.net.session.Pieces;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One direction of a simulated connection: bytes on their way, in order, with the time at which each piece
/// arrives. Holds as many bytes as the socket buffers of both sides would; its memory grows with need up to that.
final class SimPipe {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final int FIRST_BYTES = 1024;
    private static final int FIRST_PIECES = 16;

    final String from;
    final String to;
    private final int capacity;
    private byte[] ring = new byte[FIRST_BYTES];

    /// Bytes ever put in and taken out.
    private long written;

    private long read;

    /// Per piece under way, when it arrives and up to which byte it goes; a ring.
    private long[] arrivalNs = new long[FIRST_PIECES];

    private long[] pieceEnd = new long[FIRST_PIECES];
    private int firstPiece;
    private int lastPiece;
    private long lastArrivalNs;

    /// No more bytes will come: the sender has closed (in order), or the connection broke (at once).
    boolean ended;

    boolean broken;

    /// Broken because the sender's process is gone, and not on the way.
    boolean senderGone;

    long endNs;

    /// What the world does to what is on its way here, as it was after so many changes: see [SimNetwork].
    boolean blocked;

    long clogEndNs;
    long seenChanges = -1;

    /// The networks of both ends, null for a raw one.
    private @Nullable SimEndpoint reader;

    private @Nullable SimEndpoint writer;

    SimPipe(String from, String to, int capacity) {
        this.from = from;
        this.to = to;
        this.capacity = capacity;
    }

    void readBy(SimEndpoint endpoint) {
        reader = endpoint;
    }

    void writtenBy(SimEndpoint endpoint) {
        writer = endpoint;
    }

    /// Something was done to what the reader waits for.
    void tellReader() {
        if (reader != null) {
            reader.changed();
        }
    }

    int room() {
        return (int) (capacity - (written - read));
    }

    /// Put the first bytes of the pieces in, as one piece that arrives at a time, though not before those
    /// before it.
    void put(Pieces pieces, int length, long timeNs) {
        grow(length);
        int left = length;
        for (int i = 0; left > 0; i++) {
            final int part = Math.min(left, pieces.length(i));
            copyIn(pieces.segment(i), pieces.offset(i), part);
            left -= part;
        }
        if (lastPiece - firstPiece == arrivalNs.length) {
            growPieces();
        }
        lastArrivalNs = Math.max(lastArrivalNs, timeNs);
        arrivalNs[lastPiece & arrivalNs.length - 1] = lastArrivalNs;
        pieceEnd[lastPiece & pieceEnd.length - 1] = written;
        lastPiece++;
        tellReader();
    }

    /// Change one byte of those that were put in last.
    ///
    /// @param back how many bytes before the end, 1 and up
    void damage(long back, int bits) {
        ring[(int) (written - back) & ring.length - 1] ^= (byte) bits;
    }

    /// When the next piece arrives, or the end after the last; `Long.MAX_VALUE` if nothing is under way.
    long nextArrivalNs() {
        if (broken) {
            return endNs;
        }
        if (firstPiece != lastPiece) {
            return arrivalNs[firstPiece & arrivalNs.length - 1];
        }
        return ended ? Math.max(endNs, lastArrivalNs) : Long.MAX_VALUE;
    }

    /// Bytes that have arrived and were not taken.
    int arrived(long nowNs) {
        long end = read;
        for (int piece = firstPiece; piece != lastPiece; piece++) {
            final int at = piece & arrivalNs.length - 1;
            if (arrivalNs[at] > nowNs) {
                break;
            }
            end = pieceEnd[at];
        }
        return (int) (end - read);
    }

    /// Take bytes that have arrived.
    ///
    /// @param length at most what the pieces have room for
    void take(Pieces pieces, int length) {
        int left = length;
        for (int i = 0; left > 0; i++) {
            final int part = Math.min(left, pieces.length(i));
            copyOut(pieces.segment(i), pieces.offset(i), part);
            left -= part;
        }
        while (firstPiece != lastPiece && pieceEnd[firstPiece & pieceEnd.length - 1] <= read) {
            firstPiece++;
        }
        if (writer != null) {
            writer.changed();
        }
    }

    private void copyIn(MemorySegment from, long offset, int length) {
        final int at = (int) written & ring.length - 1;
        final int first = Math.min(length, ring.length - at);
        MemorySegment.copy(from, BYTE, offset, ring, at, first);
        MemorySegment.copy(from, BYTE, offset + first, ring, 0, length - first);
        written += length;
    }

    private void copyOut(MemorySegment into, long offset, int length) {
        final int at = (int) read & ring.length - 1;
        final int first = Math.min(length, ring.length - at);
        MemorySegment.copy(ring, at, into, BYTE, offset, first);
        MemorySegment.copy(ring, 0, into, BYTE, offset + first, length - first);
        read += length;
    }

    private void grow(int length) {
        final int held = (int) (written - read);
        if (held + length <= ring.length) {
            return;
        }
        final byte[] larger = new byte[Integer.highestOneBit(held + length - 1) << 1];
        for (long at = read; at < written; at++) {
            larger[(int) at & larger.length - 1] = ring[(int) at & ring.length - 1];
        }
        ring = larger;
    }

    private void growPieces() {
        final int held = arrivalNs.length;
        final int start = firstPiece & held - 1;
        arrivalNs = unrolled(arrivalNs, start);
        pieceEnd = unrolled(pieceEnd, start);
        firstPiece = 0;
        lastPiece = held;
    }

    private static long[] unrolled(long[] ring, int start) {
        final long[] larger = Arrays.copyOf(Arrays.copyOfRange(ring, start, ring.length), 2 * ring.length);
        System.arraycopy(ring, 0, larger, ring.length - start, start);
        return larger;
    }
}
