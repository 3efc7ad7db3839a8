package io.basalt.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReactorFaultTest {
    private final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
    private final Reactor reactor = fixture.reactor;
    private final FakePoller poller = new FakePoller();
    private final FakePoller healthy = new FakePoller();
    private final IllegalStateException broken = new IllegalStateException("broken");

    @Test
    void removesAPollerThatThrowsAndGoesOn() {
        reactor.addPoller(poller);
        reactor.addPoller(healthy);
        poller.work.add(this::fail);
        reactor.runOnce();
        reactor.runOnce();
        assertThat(poller.polls).isOne();
        assertThat(healthy.polls).isEqualTo(2);
        assertFault(poller, broken);
    }

    @Test
    void treatsMemoryThatWasTakenAwayAsAFaultOfThePoller() {
        final InternalError truncated = new InternalError("a fault occurred in an unsafe memory access operation");
        reactor.addPoller(poller);
        poller.work.add(() -> {
            throw truncated;
        });
        reactor.runOnce();
        assertFault(poller, truncated);
    }

    @Test
    void outlivesAMemoryFaultThatComesLateOutsideOfAnyPoller() {
        final InternalError late = new InternalError("a fault occurred in an unsafe memory access operation");
        final boolean[] faulty = {false};
        final List<Throwable> faults = new ArrayList<>();
        final Reactor unlucky = new Reactor(
                ReactorConfiguration.of("test", 3),
                () -> {
                    if (faulty[0]) {
                        throw late;
                    }
                    return 0;
                },
                fixture.engine,
                () -> true,
                (_, _, fault) -> faults.add(fault));
        faulty[0] = true;
        assertThat(unlucky.turn()).isPositive();
        faulty[0] = false;
        unlucky.addPoller(healthy);
        unlucky.turn();
        assertThat(faults).containsExactly(late);
        assertThat(healthy.polls).isOne();
    }

    @Test
    void letsAFailedAssertionLeaveTheLoop() {
        reactor.addPoller(poller);
        poller.work.add(() -> {
            throw new AssertionError("an invariant of ours");
        });
        assertThatThrownBy(reactor::turn).isInstanceOf(AssertionError.class).hasMessage("an invariant of ours");
        assertThat(fixture.faults).isEmpty();
    }

    @Test
    void reportsATimerThatThrowsAndFiresTheOthers() {
        final int[] fired = new int[1];
        final Timer timer = reactor.schedule(0, this::fail);
        reactor.schedule(0, () -> fired[0]++);
        fixture.clock.advance(TimerWheel.TICK_NS);
        reactor.runOnce();
        assertFault(timer, broken);
        assertThat(fired[0]).isOne();
        assertThat(timer.isScheduled()).isFalse();
    }

    @Test
    void reportsACommandThatThrowsAndRunsTheOthers() {
        final int[] run = new int[1];
        final Runnable command = this::fail;
        reactor.post(command);
        reactor.post(() -> run[0]++);
        reactor.runOnce();
        assertFault(command, broken);
        assertThat(run[0]).isOne();
    }

    @Test
    void reportsAnEngineWhoseHandlerThrows() {
        fixture.engine.inPoll = this::fail;
        assertThat(reactor.runOnce()).isPositive();
        assertFault(fixture.engine, broken);
    }

    @Test
    void doesNotSleepWhenAPollerThrowsWhileArming() {
        reactor.addPoller(healthy);
        reactor.addPoller(poller);
        poller.whenArmed = this::fail;
        reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
        assertThat(healthy.disarms).isOne();
        assertThat(poller.disarms).isZero();
        assertFault(poller, broken);
    }

    @Test
    void disarmsTheOthersWhenAPollerThrowsWhileDisarming() {
        reactor.addPoller(poller);
        reactor.addPoller(healthy);
        poller.whenDisarmed = this::fail;
        reactor.turn();
        assertThat(fixture.engine.sleeps).hasSize(1);
        assertThat(healthy.disarms).isOne();
        assertFault(poller, broken);
    }

    private void fail() {
        throw broken;
    }

    private void assertFault(Object source, Throwable fault) {
        assertThat(fixture.faultSources).containsExactly(source);
        assertThat(fixture.faults).containsExactly(fault);
        assertThat(reactor.counters().snapshot().faults()).isOne();
    }
}
