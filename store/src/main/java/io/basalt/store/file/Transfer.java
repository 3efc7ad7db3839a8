package io.basalt.store.file;

import io.basalt.block.BlockRequest;
import io.basalt.block.IoVector;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One request under way on the file: how much is done, what is in flight, what it holds. Preallocated, one for
/// each operation a channel can have in flight; its number is the operation's token.
final class Transfer {
    /// What [#bounce] says when no buffer is held.
    static final int NONE = -1;

    final int token;
    private TransferState state = TransferState.FREE;
    private @Nullable BlockRequest request;

    /// Bytes of the request that are done.
    long done;

    /// Bytes of the operation in flight, from [#position()] on; for bounced ones without the alignment skew.
    long stepLength;

    /// How the range in flight is cleared, in that state.
    Clearing clearing = Clearing.REFUSED;

    /// Attempts since the last progress.
    int retries;

    /// Bounce buffer held, or [#NONE].
    int bounce = NONE;

    /// First device block held in the volume's [BlockStripes], and how many; 0 for none.
    long lockedBlock;

    int lockedCount;

    /// Vector entry that byte [#done] lies in, and the byte's place in it.
    int entry;

    int within;

    Transfer(int token) {
        this.token = token;
    }

    TransferState state() {
        return state;
    }

    /// The one way to change state.
    void become(TransferState next) {
        assert state.canBecome(next) : state + " -> " + next;
        state = next;
    }

    void start(BlockRequest newRequest) {
        become(TransferState.READY);
        request = newRequest;
        done = 0;
        stepLength = 0;
        retries = 0;
        entry = 0;
        within = 0;
    }

    void end() {
        assert bounce == NONE;
        assert lockedCount == 0;
        become(TransferState.FREE);
        request = null;
    }

    BlockRequest request() {
        return Objects.requireNonNull(request);
    }

    /// Place on the volume of the next byte to do.
    long position() {
        return request().offset() + done;
    }

    long remaining() {
        return request().length() - done;
    }

    /// Note progress and move the vector cursor along.
    void advance(long bytes) {
        assert bytes >= 0;
        assert bytes <= remaining();
        done += bytes;
        retries = 0;
        final IoVector data = request().data();
        long left = bytes;
        while (left > 0 && entry < data.count()) {
            final long here = Math.min(left, data.length(entry) - within);
            left -= here;
            within += (int) here;
            if (within == data.length(entry)) {
                entry++;
                within = 0;
            }
        }
    }

    /// Copy the next bytes of the request's data from or to a buffer, without moving the cursor.
    void copy(boolean toRequest, MemorySegment buffer, long bufferOffset, long bytes) {
        final IoVector data = request().data();
        long at = bufferOffset;
        long left = bytes;
        int skip = within;
        for (int i = entry; left > 0; i++) {
            final long piece = Math.min(left, data.length(i) - skip);
            if (toRequest) {
                MemorySegment.copy(buffer, at, data.segment(i), data.offset(i) + skip, piece);
            } else {
                MemorySegment.copy(data.segment(i), data.offset(i) + skip, buffer, at, piece);
            }
            at += piece;
            left -= piece;
            skip = 0;
        }
    }

    /// Fill the next bytes of the request's data with zeros.
    void copyZeros(MemorySegment zeros, long bytes) {
        final IoVector data = request().data();
        long left = bytes;
        int skip = within;
        for (int i = entry; left > 0; i++) {
            final long piece = Math.min(left, data.length(i) - skip);
            for (long at = 0; at < piece; at += zeros.byteSize()) {
                final long part = Math.min(zeros.byteSize(), piece - at);
                MemorySegment.copy(zeros, 0, data.segment(i), data.offset(i) + skip + at, part);
            }
            left -= piece;
            skip = 0;
        }
    }
}
