package io.basalt.gate.cluster;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The submissions of one channel: as many as it has pieces, and one that is being cut. Grows by doubling
/// when more are needed at the same time than ever before. One owner reactor.
final class SubmissionPool {
    private static final int FIRST = 16;

    private final int countMax;
    private @Nullable Submission[] free = {};
    private int freeCount;
    private int made;

    SubmissionPool(int countMax) {
        this.countMax = countMax;
    }

    /// How many are in use.
    int taken() {
        return made - freeCount;
    }

    Submission take() {
        if (freeCount == 0) {
            grow();
        }
        freeCount--;
        final Submission taken = free[freeCount];
        free[freeCount] = null;
        return Objects.requireNonNull(taken, "there are as many as are counted");
    }

    void give(Submission submission) {
        free[freeCount++] = submission;
    }

    private void grow() {
        assert made < countMax : "every submission but one has a piece";
        final int count = Math.min(countMax, Math.max(FIRST, 2 * made));
        free = Arrays.copyOf(free, count);
        while (made < count) {
            free[freeCount++] = new Submission();
            made++;
        }
    }
}
