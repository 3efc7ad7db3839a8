package io.basalt.simulation.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RegisterHistoryTest {
    private final RegisterHistory history = new RegisterHistory();
    private long now;

    @Test
    void whatWasNeverWrittenReadsAsZero() {
        read(0);
        assertThat(history.violation()).isNull();
        read(7);
        assertThat(history.violation()).isNotNull();
    }

    @Test
    void readsSeeTheLastAcknowledgedWrite() {
        write(1);
        write(2);
        read(2);
        assertThat(history.violation()).isNull();
        read(1);
        assertThat(history.violation()).isNotNull();
    }

    @Test
    void anAcknowledgedWriteIsNotLost() {
        write(1);
        read(0);
        assertThat(history.violation()).isNotNull();
    }

    @Test
    void writesThatOverlapMayTakeEffectInEitherOrder() {
        final RegisterHistory.Operation one = history.write(1, ++now);
        final RegisterHistory.Operation two = history.write(2, ++now);
        two.acknowledged(++now);
        one.acknowledged(++now);
        read(1);
        read(1);
        assertThat(history.violation()).isNull();
        read(2);
        assertThat(history.violation()).isNotNull();
    }

    @Test
    void anUnknownWriteTakesEffectOnceOrNever() {
        history.write(5, ++now);
        read(0);
        read(5);
        assertThat(history.violation()).isNull();
        write(6);
        read(6);
        assertThat(history.violation()).isNull();
        read(5);
        assertThat(history.violation()).as("it comes back").isNotNull();
    }

    @Test
    void whatWasReadOnceStays() {
        history.write(5, ++now);
        read(5);
        read(0);
        assertThat(history.violation()).isNotNull();
    }

    @Test
    void aSupersededWriteTakesNoEffectAfterTheGrant() {
        final RegisterHistory.Operation stale = history.write(5, ++now);
        stale.endedUnknown(++now);
        read(0);
        assertThat(history.violation()).isNull();
        read(5);
        assertThat(history.violation()).isNotNull();
    }

    @Test
    void manyUnknownWritesOfOneValueAreNotSearchedInEveryOrder() {
        for (int i = 0; i < 24; i++) {
            history.write(0, ++now);
        }
        for (int round = 1; round <= 12; round++) {
            write(round);
            read(0);
        }
        assertThat(history.violation()).isNull();
        write(99);
        read(98);
        assertThat(history.violation()).as("read what nobody wrote").isNotNull();
    }

    @Test
    void aReadDuringAWriteMaySeeEither() {
        final RegisterHistory.Operation write = history.write(5, ++now);
        final RegisterHistory.Operation early = history.read(++now);
        final RegisterHistory.Operation late = history.read(++now);
        early.returned(5, ++now);
        late.returned(0, ++now);
        write.acknowledged(++now);
        assertThat(history.violation()).isNull();
    }

    private void write(long value) {
        history.write(value, ++now).acknowledged(++now);
    }

    private void read(long value) {
        history.read(++now).returned(value, ++now);
    }
}
