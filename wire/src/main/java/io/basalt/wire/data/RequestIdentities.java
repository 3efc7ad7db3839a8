package io.basalt.wire.data;

import java.util.Arrays;

/// A gate reactor's sequence numbers of changes, one series per placement group (see [ClientRequest]). Allocates
/// nothing after it was made. One owner reactor.
///
/// ```
///   oldest            next
///     ▼                 ▼
///   ──┬──┬──┬──┬──┬──┬──┬───        at most SEQUENCE_WINDOW numbers from oldest to next;
///     │● │  │● │● │  │● │           a bit for each says whether it is outstanding
///   ──┴──┴──┴──┴──┴──┴──┴───
/// ```
public final class RequestIdentities {
    private static final int WORDS = ClientRequest.SEQUENCE_WINDOW / Long.SIZE;

    private final long[] next;
    private final long[] oldest;
    private final long[] outstanding;

    /// @param pgCount placement groups of the set
    public RequestIdentities(int pgCount) {
        next = new long[pgCount];
        oldest = new long[pgCount];
        outstanding = new long[pgCount * WORDS];
        Arrays.fill(next, 1);
        Arrays.fill(oldest, 1);
    }

    /// Give a number to a change.
    ///
    /// @return the number, to be kept until [#release]; 0 if the window is full: ask again after a release
    public long claim(int pg) {
        final long sequence = next[pg];
        if (sequence - oldest[pg] >= ClientRequest.SEQUENCE_WINDOW) {
            return 0;
        }
        next[pg] = sequence + 1;
        outstanding[word(pg, sequence)] |= 1L << sequence;
        return sequence;
    }

    /// The lowest number that is outstanding, or the next one if none is: what goes into each message.
    public long oldest(int pg) {
        return oldest[pg];
    }

    /// The change has its final answer, or is given up, and will not be sent again.
    public void release(int pg, long sequence) {
        assert isOutstanding(pg, sequence);
        outstanding[word(pg, sequence)] &= ~(1L << sequence);
        long at = oldest[pg];
        while (at < next[pg] && !isOutstanding(pg, at)) {
            at++;
        }
        oldest[pg] = at;
    }

    /// How many changes of a placement group are outstanding or wait behind one that is.
    public int windowed(int pg) {
        return (int) (next[pg] - oldest[pg]);
    }

    private boolean isOutstanding(int pg, long sequence) {
        return sequence >= oldest[pg] && sequence < next[pg] && (outstanding[word(pg, sequence)] & 1L << sequence) != 0;
    }

    private static int word(int pg, long sequence) {
        return pg * WORDS + (int) (sequence / Long.SIZE % WORDS);
    }
}
