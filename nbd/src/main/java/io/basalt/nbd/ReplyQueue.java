package io.basalt.nbd;

import io.basalt.net.session.BufferPool;
import io.basalt.net.session.Pieces;
import java.lang.foreign.MemorySegment;

/// The replies that wait to be sent, in order: headers in a ring of their own, contents where the
/// volume has read them into. What has gathered goes out with one send. Allocates nothing.
///
/// A content's buffer is given back when its last byte has left.
final class ReplyQueue {
    /// Replies that have room. Those under way and those that wait never are more: see [#isCrowded()].
    static final int CAPACITY = 1024;

    /// With more than these waiting, no request is begun: the client does not listen.
    static final int CROWD = 256;

    private static final int MASK = CAPACITY - 1;
    private static final int PIECES_MAX = 512;

    private final MemorySegment memory;
    private final BufferPool pool;
    private final ReplyStyle style;
    private final Pieces pieces = new Pieces(PIECES_MAX);
    private final int[] headerAt = new int[CAPACITY];
    private final int[] headerBytes = new int[CAPACITY];
    private final long[] buffers = new long[CAPACITY];
    private final int[] contentBytes = new int[CAPACITY];
    private int head;
    private int tail;

    /// Where the next header goes in the ring.
    private int place;

    /// Bytes of the first reply that have left.
    private long gone;

    ReplyQueue(TransmissionMemory memory, BufferPool pool, ReplyStyle style) {
        assert CAPACITY * ReplyFormat.BYTES_MAX + ReplyFormat.BYTES_MAX <= TransmissionMemory.HEADERS_BYTES;
        this.memory = memory.segment;
        this.pool = pool;
        this.style = style;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /// Whether no request is to be begun.
    boolean isCrowded() {
        return tail - head > CROWD;
    }

    // ---- what is replied

    /// A command without content is done.
    void done(Command command) {
        final long at = header();
        final int length = style == ReplyStyle.EXTENDED
                ? ReplyFormat.chunk(memory, at, style, command, NbdSpec.REPLY_TYPE_NONE, true, 0)
                : ReplyFormat.simple(memory, at, NbdSpec.OK, command.cookie);
        add(length, BufferPool.NONE, 0);
    }

    /// A command has failed as a whole.
    void failed(Command command, int error) {
        final long at = header();
        final int length = style == ReplyStyle.SIMPLE
                ? ReplyFormat.simple(memory, at, error, command.cookie)
                : ReplyFormat.error(memory, at, style, command, error);
        add(length, BufferPool.NONE, 0);
    }

    /// Content of a read, in a chunk of its own.
    void chunk(Command command, boolean done, long offset, long buffer, int length) {
        add(ReplyFormat.data(memory, header(), style, command, done, offset, length), buffer, length);
    }

    /// A part of a read has failed.
    void failedAt(Command command, boolean done, int error, long offset) {
        add(ReplyFormat.errorAt(memory, header(), style, command, done, error, offset), BufferPool.NONE, 0);
    }

    /// Content of a read that is answered simply, with or behind the header.
    void content(Command command, boolean first, long buffer, int length) {
        final int header = first ? ReplyFormat.simple(memory, header(), NbdSpec.OK, command.cookie) : 0;
        add(header, buffer, length);
    }

    /// The extents of a range, written into a buffer.
    void extents(ExtentQuery query, long buffer) {
        final int length = ReplyFormat.extents(memory, buffer, style, query);
        final int type =
                style == ReplyStyle.EXTENDED ? NbdSpec.REPLY_TYPE_BLOCK_STATUS_EXT : NbdSpec.REPLY_TYPE_BLOCK_STATUS;
        add(ReplyFormat.chunk(memory, header(), style, query.command(), type, true, length), buffer, length);
    }

    private long header() {
        if (place + ReplyFormat.BYTES_MAX > TransmissionMemory.HEADERS_BYTES) {
            place = 0;
        }
        return (long) TransmissionMemory.HEADERS + place;
    }

    private void add(int header, long buffer, int length) {
        assert tail - head < CAPACITY : "more replies than requests can have";
        final int slot = tail & MASK;
        headerAt[slot] = TransmissionMemory.HEADERS + place;
        headerBytes[slot] = header;
        buffers[slot] = buffer;
        contentBytes[slot] = length;
        place += header;
        tail++;
    }

    // ---- how it leaves

    /// What is to be sent next, as much as one send takes. Not empty; the same until [#sent].
    Pieces gather() {
        pieces.clear();
        for (int reply = head; reply != tail && pieces.room() >= 2; reply++) {
            final int slot = reply & MASK;
            if (headerBytes[slot] > 0) {
                pieces.add(memory, headerAt[slot], headerBytes[slot]);
            }
            if (contentBytes[slot] > 0) {
                pieces.add(memory, buffers[slot], contentBytes[slot]);
            }
        }
        pieces.drop(gone);
        return pieces;
    }

    /// Bytes have left.
    void sent(int length) {
        gone += length;
        while (head != tail) {
            final int slot = head & MASK;
            final int bytes = headerBytes[slot] + contentBytes[slot];
            if (gone < bytes) {
                return;
            }
            gone -= bytes;
            if (buffers[slot] != BufferPool.NONE) {
                pool.give(buffers[slot]);
            }
            head++;
        }
    }
}
