package io.basalt.chunk;

import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What the primary of one placement group remembers of the changes of one gate instance, so that each is
/// executed once: see [ClientRequest]. Allocates nothing after it was made. One owner reactor.
final class IdentityWindow {
    private static final int SIZE = ClientRequest.SEQUENCE_WINDOW;

    private final @Nullable Change[] underWay = new @Nullable Change[SIZE];
    private final @Nullable AnswerCode[] answers = new @Nullable AnswerCode[SIZE];

    @Nullable
    IdentityWindow nextInList;

    long gateInstance;
    int pg;
    long lastUsedNs;
    private long floor;
    private int underWayCount;

    /// Begin anew, for another gate instance.
    void begin(long newGateInstance, int newPg, long oldest) {
        assert underWayCount == 0;
        gateInstance = newGateInstance;
        pg = newPg;
        floor = oldest;
        Arrays.fill(answers, null);
    }

    /// The gate has nothing outstanding below a number: forget those.
    void advance(long oldest) {
        while (floor < oldest) {
            final int slot = slot(floor);
            if (underWay[slot] != null) {
                underWay[slot] = null;
                underWayCount--;
            }
            answers[slot] = null;
            floor++;
            if (underWayCount == 0 && oldest - floor > SIZE) {
                Arrays.fill(answers, null);
                floor = oldest;
            }
        }
    }

    boolean isBelow(long sequence) {
        return sequence < floor;
    }

    boolean isBeyond(long sequence) {
        return sequence - floor >= SIZE;
    }

    /// The change under way with a number, or null.
    @Nullable
    Change underWay(long sequence) {
        return underWay[slot(sequence)];
    }

    /// The answer that a change with a number got, or null.
    @Nullable
    AnswerCode answer(long sequence) {
        return answers[slot(sequence)];
    }

    void started(long sequence, Change change) {
        assert underWay[slot(sequence)] == null;
        underWay[slot(sequence)] = change;
        underWayCount++;
    }

    /// A change has ended.
    ///
    /// @param answer to be given again if it comes again; null if it was not executed
    void ended(long sequence, Change change, @Nullable AnswerCode answer) {
        final int slot = slot(sequence);
        if (sequence >= floor && isSame(underWay[slot], change)) {
            underWay[slot] = null;
            underWayCount--;
            answers[slot] = answer;
        }
    }

    boolean isIdle() {
        return underWayCount == 0;
    }

    @SuppressWarnings("ReferenceEquality") // a pooled change is itself and no other
    private static boolean isSame(@Nullable Change one, Change other) {
        return one == other;
    }

    private static int slot(long sequence) {
        return (int) sequence & SIZE - 1;
    }
}
