package io.basalt.endtoend.chaos.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StallsTest {
    private static final long MS = 1_000_000;

    @Test
    void aRequestUnderWayWhenAFaultComesIsTheFaults() {
        final Stalls stalls = new Stalls();
        final long beforeNs = System.nanoTime() - 10 * MS;
        final Stalls.Window fault = stalls.begin(true);
        final long beganNs = System.nanoTime();
        stalls.answered(beforeNs, beganNs + 90 * MS);
        assertThat(fault.longestNs()).isGreaterThanOrEqualTo(100 * MS);
        assertThat(fault.requests()).isEqualTo(1);
    }

    @Test
    void aRequestThatEndedBeforeIsNot() {
        final Stalls stalls = new Stalls();
        final long beforeNs = System.nanoTime() - 10 * MS;
        stalls.answered(beforeNs, beforeNs + MS);
        final Stalls.Window fault = stalls.begin(true);
        stalls.answered(beforeNs, beforeNs + 2 * MS);
        assertThat(fault.requests()).isZero();
    }

    @Test
    void aRequestThatBeganDuringAFaultStaysTheFaultsWhenThatIsTakenBack() {
        final Stalls stalls = new Stalls();
        final Stalls.Window fault = stalls.begin(true);
        final long duringNs = System.nanoTime();
        final Stalls.Window back = stalls.begin(false);
        final long afterNs = System.nanoTime();
        stalls.answered(duringNs, afterNs + 50 * MS);
        stalls.answered(afterNs, afterNs + 20 * MS);
        stalls.silent(afterNs, afterNs + 30 * MS);
        assertThat(fault.longestNs()).isGreaterThanOrEqualTo(50 * MS);
        assertThat(back.longestNs()).isEqualTo(20 * MS);
        assertThat(back.silenceNs()).isEqualTo(30 * MS);
    }
}
