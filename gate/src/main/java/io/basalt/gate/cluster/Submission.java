package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.IoVector;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One request while it is cut into pieces and these are under way. Preallocated by its channel, used again.
///
/// ```
///  offset                  next                     end
///    ├── pieces were made ──┼── still to be cut off ──┤
/// ```
final class Submission {
    private @Nullable BlockRequest request;
    private long next;
    private long end;

    /// Entry of the request's data that the next piece begins in, and where in it.
    private int entry;

    private int entryOffset;

    /// Pieces that have no result yet.
    int outstanding;

    private BlockStatus status = BlockStatus.OK;

    void begin(BlockRequest newRequest) {
        request = newRequest;
        next = newRequest.offset();
        end = next + newRequest.length();
        entry = 0;
        entryOffset = 0;
        outstanding = 0;
        status = BlockStatus.OK;
    }

    BlockRequest request() {
        return Objects.requireNonNull(request, "a submission in use has a request");
    }

    BlockOperation operation() {
        return request().operation();
    }

    /// First byte that no piece has yet, as offset of the volume.
    long next() {
        return next;
    }

    long remaining() {
        return end - next;
    }

    /// Whether no further piece is to be made: all are, or one has failed.
    boolean isCut() {
        return next == end || status != BlockStatus.OK;
    }

    /// Whether the request has its result.
    boolean isOver() {
        return outstanding == 0 && isCut();
    }

    /// The first failure, or OK.
    BlockStatus status() {
        return status;
    }

    /// A piece, or the request as a whole, has a result; the first failure is the request's.
    void ended(BlockStatus result) {
        if (status == BlockStatus.OK) {
            status = result;
        }
    }

    /// Pass over bytes that a piece without data covers.
    void skip(int length) {
        assert length <= remaining();
        next += length;
    }

    /// How many of the next bytes lie in a number of entries.
    ///
    /// @param length bytes wanted
    int bytesWithin(int entries, int length) {
        final IoVector data = request().data();
        final int stop = Math.min(data.count(), entry + entries);
        long bytes = -entryOffset;
        for (int at = entry; at < stop && bytes < length; at++) {
            bytes += data.length(at);
        }
        return (int) Math.min(bytes, length);
    }

    /// Whether any piece of the request fits into a number of entries.
    boolean fitsWithin(int entries) {
        return request().data().count() <= entries;
    }

    /// Move the next bytes of the data to a piece's vector, as slices: nothing is copied.
    void moveTo(IoVector vector, int length) {
        final IoVector data = request().data();
        int left = length;
        while (left > 0) {
            final int whole = data.length(entry);
            final int taken = Math.min(left, whole - entryOffset);
            final boolean added = vector.add(data.region(entry), data.offset(entry) + entryOffset, taken);
            assert added : "a piece's length was chosen so that its entries suffice";
            left -= taken;
            entryOffset += taken;
            if (entryOffset == whole) {
                entry++;
                entryOffset = 0;
            }
        }
        next += length;
    }

    /// Give the request back; the submission is used again.
    BlockRequest release() {
        assert isOver();
        final BlockRequest released = request();
        request = null;
        return released;
    }
}
