package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import java.util.List;
import org.junit.jupiter.api.Test;

class PulseTest {
    private static final long BOUND_NS = 600;
    private static final long LOOK_NS = 100;

    private final ManualClock clock = new ManualClock();
    private final Reactor one = reactor("one");
    private final Reactor other = reactor("other");
    private final Pulse pulse = new Pulse(clock::nanoTime, List.of(one, other), BOUND_NS);

    private Reactor reactor(String name) {
        return new Reactor(
                ReactorConfiguration.of(name, 0),
                clock::nanoTime,
                new FakeEngine(),
                () -> true,
                (reactor, source, fault) -> {
                    throw new AssertionError(fault);
                });
    }

    @Test
    void reactorsThatMakePassesAreNotStuck() {
        for (int look = 0; look < 100; look++) {
            one.runOnce();
            other.runOnce();
            clock.advance(LOOK_NS);
            assertThat(pulse.stuck()).isNull();
        }
    }

    @Test
    void aReactorThatMakesNoPassIsStuckAfterTheBoundUntilItMovesAgain() {
        long silentNs = 0;
        while (pulse.stuck() == null) {
            one.runOnce();
            clock.advance(LOOK_NS);
            silentNs += LOOK_NS;
            assertThat(silentNs).isLessThanOrEqualTo(BOUND_NS + 2 * LOOK_NS);
        }
        assertThat(silentNs).isGreaterThanOrEqualTo(BOUND_NS);
        assertThat(pulse.stuck()).isEqualTo(other);
        other.runOnce();
        assertThat(pulse.stuck()).isNull();
    }

    @Test
    void aReactorThatSleepsIsWokenForAPassThatCanBeSeen() {
        // Each makes a pass only when it is asked to, as one that has nothing to do.
        for (int look = 0; look < 100; look++) {
            assertThat(pulse.stuck()).as("look " + look).isNull();
            assertThat(one.runOnce()).isPositive();
            assertThat(other.runOnce()).isPositive();
            clock.advance(LOOK_NS);
        }
    }

    @Test
    void oneThatHangsIsAskedForASinglePassOnly() {
        for (int look = 0; look < 100; look++) {
            pulse.stuck();
            clock.advance(LOOK_NS);
        }
        assertThat(one.runOnce()).isEqualTo(1);
    }

    @Test
    void nobodyIsStuckBecauseTheWholeProcessStoodStill() {
        assertThat(pulse.stuck()).isNull();
        clock.advance(100 * BOUND_NS);
        assertThat(pulse.stuck()).isNull();
    }
}
