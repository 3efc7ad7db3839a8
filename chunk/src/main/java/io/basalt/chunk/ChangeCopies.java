package io.basalt.chunk;

import io.basalt.wire.data.AnswerCode;
import java.util.Arrays;

/// Which copies have a piece of a [Change], and which have refused it. One owner reactor.
///
/// ```
///  TO_SEND ──▶ SENT ──▶ DONE
///     ▲          ├────▶ REFUSED    for good: the change is taken back
///     └──────────┘   not executed, or nobody knows: it is sent again
/// ```
final class ChangeCopies {
    private static final byte TO_SEND = 0;
    private static final byte SENT = 1;
    private static final byte DONE = 2;
    private static final byte REFUSED = 3;

    private final byte[] slots = new byte[PgReplica.SLOTS];
    private int refusers;
    private AnswerCode refusal = AnswerCode.OK;
    private boolean isRefusalUnreadable;
    private boolean areOthersUnreadable;

    /// Begin a change: nobody has refused it.
    void begin() {
        refusers = 0;
        refusal = AnswerCode.OK;
        isRefusalUnreadable = false;
        areOthersUnreadable = false;
    }

    /// Begin to apply a piece.
    void applying() {
        Arrays.fill(slots, TO_SEND);
        refusal = AnswerCode.OK;
    }

    boolean isToSend(int slot) {
        return slots[slot] == TO_SEND;
    }

    void sent(int slot) {
        slots[slot] = SENT;
    }

    void done(Copy copy, Timing timing, long nowNs) {
        slots[copy.slot()] = DONE;
        timing.copied(copy.slot(), copy.peer().deviceId(), nowNs);
    }

    void again(int slot) {
        slots[slot] = TO_SEND;
    }

    /// A copy does not take the piece.
    void refused(int slot, AnswerCode why) {
        slots[slot] = REFUSED;
        refusedBy(1 << slot, why);
    }

    /// This device's own store does not take it.
    void refusedHere(AnswerCode why) {
        refusedBy(Sources.SELF, why);
    }

    private void refusedBy(int source, AnswerCode why) {
        refusers |= source;
        if (refusal == AnswerCode.OK) {
            refusal = why;
        }
    }

    /// Why the piece that is being applied was refused; OK if it was not.
    AnswerCode refusal() {
        return refusal;
    }

    /// Whether a copy has the piece.
    boolean isDone(int slot) {
        return slots[slot] == DONE;
    }

    /// Whose content replaces a change that was refused, as bits: that of the good copies that refused
    /// it; if it cannot be read, that of the others, who have the change; and if that cannot be read
    /// either, whatever there is.
    int sources(PgReplica replica) {
        if (areOthersUnreadable) {
            return Sources.SELF | Sources.ALL_OTHERS;
        }
        return isRefusalUnreadable ? others() : goodRefusers(replica);
    }

    /// None of these could be read.
    void sourcesUnreadable() {
        areOthersUnreadable = isRefusalUnreadable;
        isRefusalUnreadable = true;
    }

    private int others() {
        return (Sources.SELF | Sources.ALL_OTHERS) & ~refusers;
    }

    /// The copies whose content is to be restored, as bits: those in sync that refused. If none of them
    /// is left, every other copy had applied the change before, and it stays.
    private int goodRefusers(PgReplica replica) {
        int good = refusers & Sources.SELF;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if ((refusers & 1 << slot) != 0 && copy != null && isTrusted(copy)) {
                good |= 1 << slot;
            }
        }
        return good == 0 ? Sources.SELF : good;
    }

    /// A copy that has come back and was not compared yet may have lost what it had promised to keep. A
    /// change that it refuses for a newer attachment began before that was granted, and may as well stay.
    private boolean isTrusted(Copy copy) {
        final boolean isGood = refusal == AnswerCode.FENCED ? copy.isVerified() : copy.isInSync();
        return isGood && !copy.hasFailed();
    }

    @Override
    public String toString() {
        return "copies " + Arrays.toString(slots) + ", refusal " + refusal;
    }
}
