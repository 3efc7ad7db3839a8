package io.basalt.nbd;

import io.basalt.block.Volume;
import org.jspecify.annotations.Nullable;

/// One `NBD_CMD_BLOCK_STATUS` on its way: made in the connection's reactor, answered where a disk may
/// be waited for, and brought back. Control plane: it allocates.
public final class ExtentQuery {
    /// Most extents in an answer: it fits into a page.
    static final int COUNT_MAX = 255;

    /// A compact reply has 32 bits for a length; whole blocks of any size below that.
    private static final long COMPACT_LENGTH_MAX = (1L << 32) - (1 << 16);

    private final Command command;
    private final Agreement agreement;
    private final long[] lengths = new long[COUNT_MAX];
    private final int[] flags = new int[COUNT_MAX];
    private int count;
    private @Nullable ExtentQuery next;

    ExtentQuery(Command command, Agreement agreement) {
        this.command = command;
        this.agreement = agreement;
    }

    /// Find the answer. Anywhere but in a data reactor; the query is not touched there meanwhile.
    public void run() {
        final Volume volume = agreement.export().volume();
        final long most = agreement.style() == ReplyStyle.EXTENDED ? Long.MAX_VALUE : COMPACT_LENGTH_MAX;
        final int countMax = command.has(NbdSpec.CMD_FLAG_REQ_ONE) ? 1 : COUNT_MAX;
        volume.extents(
                command.offset,
                command.length,
                (length, hole) -> add(length, hole ? NbdSpec.STATE_HOLE | NbdSpec.STATE_ZERO : 0, most, countMax));
        if (count == 0) {
            // Nothing is known: what is asked for is taken for content.
            add(command.length, 0, most, countMax);
        }
    }

    /// @return whether more may be added
    private boolean add(long length, int state, long lengthMax, int countMax) {
        final boolean same = count > 0 && flags[count - 1] == state;
        if (same && lengths[count - 1] + length <= lengthMax) {
            lengths[count - 1] += length;
            return true;
        }
        if (count == countMax) {
            return false;
        }
        lengths[count] = Math.min(length, lengthMax);
        flags[count] = state;
        count++;
        return length <= lengthMax;
    }

    Command command() {
        return command;
    }

    /// Wait for a buffer, and tell who waits besides.
    void waitBeside(@Nullable ExtentQuery other) {
        next = other;
    }

    @Nullable
    ExtentQuery next() {
        return next;
    }

    int count() {
        return count;
    }

    long length(int extent) {
        return lengths[extent];
    }

    /// `NBD_STATE_*`.
    int flags(int extent) {
        return flags[extent];
    }
}
