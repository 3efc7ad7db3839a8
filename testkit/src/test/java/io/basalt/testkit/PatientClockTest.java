package io.basalt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class PatientClockTest {
    @Test
    void passesNoMoreThanAStepHoweverLongNobodyLooks() {
        final PatientClock clock = new PatientClock();
        for (int look = 0; look < 5; look++) {
            final long before = clock.nanoTime();
            LockSupport.parkNanos(5 * PatientClock.STEP_MAX_NS);
            assertThat(clock.nanoTime() - before).isBetween(0L, PatientClock.STEP_MAX_NS);
        }
    }

    @Test
    void goesOnWhileSomebodyLooks() {
        final PatientClock clock = new PatientClock();
        final long before = clock.nanoTime();
        Await.until("ten steps pass", () -> clock.nanoTime() - before >= 10 * PatientClock.STEP_MAX_NS);
    }
}
