package io.basalt.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReactorTest {
    private final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
    private final Reactor reactor = fixture.reactor;
    private final FakeEngine engine = fixture.engine;
    private final FakePoller poller = new FakePoller();
    private final List<String> events = new ArrayList<>();

    @Test
    void readsTheClockOncePerPass() {
        reactor.addPoller(poller);
        poller.work.add(() -> {});
        final int before = fixture.clockReads;
        reactor.runOnce();
        assertThat(fixture.clockReads - before).isOne();
        assertThat(reactor.nowNs()).isEqualTo(fixture.clock.nanoTime());
    }

    @Test
    void pollsThenFiresTimersThenRunsCommandsThenPollsTheEngine() {
        reactor.addPoller(poller);
        poller.work.add(() -> events.add("poller"));
        engine.inPoll = () -> events.add("engine");
        reactor.schedule(1, () -> events.add("timer"));
        reactor.post(() -> events.add("command"));
        fixture.clock.advance(TimerWheel.TICK_NS);
        final int work = reactor.runOnce();
        assertThat(events).containsExactly("poller", "timer", "command", "engine");
        assertThat(work).isEqualTo(3);
    }

    @Test
    void countsTheCompletionsOfTheEngineAsWork() {
        engine.completions = 5;
        assertThat(reactor.runOnce()).isEqualTo(5);
        assertThat(reactor.runOnce()).isZero();
    }

    @Test
    void runsABoundedNumberOfCommandsInOnePass() {
        final ReactorFixture bounded =
                new ReactorFixture(new ReactorConfiguration("bounded", 0, IdleMode.INTERRUPT, 0, 4, 4));
        for (int command = 0; command < 10; command++) {
            bounded.reactor.post(() -> events.add("command"));
        }
        assertThat(bounded.reactor.runOnce()).isEqualTo(4);
        assertThat(bounded.reactor.runOnce()).isEqualTo(4);
        assertThat(bounded.reactor.runOnce()).isEqualTo(2);
        assertThat(bounded.reactor.counters().snapshot().commands()).isEqualTo(10);
    }

    @Test
    void firesABoundedNumberOfTimersInOnePass() {
        final ReactorFixture bounded =
                new ReactorFixture(new ReactorConfiguration("bounded", 0, IdleMode.INTERRUPT, 0, 4, 4));
        for (int timer = 0; timer < 6; timer++) {
            bounded.reactor.schedule(0, () -> events.add("timer"));
        }
        bounded.clock.advance(TimerWheel.TICK_NS);
        assertThat(bounded.reactor.turn()).isEqualTo(4);
        assertThat(bounded.reactor.turn()).isEqualTo(2);
        assertThat(bounded.engine.sleeps).isEmpty();
    }

    @Test
    void runsACommandPostedByACommandAfterIt() {
        reactor.post(() -> {
            reactor.post(() -> events.add("second"));
            events.add("first");
        });
        reactor.runOnce();
        assertThat(events).containsExactly("first", "second");
    }

    @Test
    void doesNotFireATimerThatWasCancelled() {
        final Timer timer = reactor.schedule(1, () -> events.add("timer"));
        assertThat(timer.cancel()).isTrue();
        assertThat(timer.cancel()).isFalse();
        fixture.clock.advance(TimerWheel.TICK_NS * 4);
        reactor.runOnce();
        assertThat(events).isEmpty();
    }

    @Test
    void doesNotPollAPollerAgainOnceItIsRemovedEvenInTheSamePass() {
        final FakePoller later = new FakePoller();
        reactor.addPoller(poller);
        reactor.addPoller(later);
        poller.work.add(() -> reactor.removePoller(later));
        reactor.runOnce();
        reactor.turn();
        assertThat(later.polls).isZero();
        assertThat(later.arms).isZero();
        assertThat(poller.polls).isEqualTo(2);
    }

    @Test
    void pollsTheOthersWhenOneRemovesItself() {
        final FakePoller later = new FakePoller();
        reactor.addPoller(poller);
        reactor.addPoller(later);
        poller.work.add(() -> reactor.removePoller(poller));
        reactor.runOnce();
        reactor.runOnce();
        assertThat(poller.polls).isOne();
        assertThat(later.polls).isEqualTo(2);
    }

    @Test
    void countsTimeAsBusyOrIdleByWhatThePassDid() {
        reactor.addPoller(poller);
        poller.work.add(() -> fixture.clock.advance(700));
        reactor.runOnce();
        reactor.runOnce();
        fixture.clock.advance(30);
        reactor.runOnce();
        final ReactorCounters.Snapshot counters = reactor.counters().snapshot();
        assertThat(counters.busyNs()).isEqualTo(700);
        assertThat(counters.idleNs()).isEqualTo(30);
        assertThat(counters.passes()).isEqualTo(3);
        assertThat(counters.workingPasses()).isOne();
        assertThat(counters.loopMaxNs()).isEqualTo(700);
    }

    @Test
    void beginsANewLoopMaximumWhenAsked() {
        reactor.addPoller(poller);
        poller.work.add(() -> fixture.clock.advance(700));
        reactor.runOnce();
        reactor.runOnce();
        reactor.counters().resetLoopMaximum();
        poller.work.add(() -> fixture.clock.advance(20));
        reactor.runOnce();
        reactor.runOnce();
        assertThat(reactor.counters().snapshot().loopMaxNs()).isEqualTo(20);
    }

    @Test
    void refusesSettingsOutOfRange() {
        assertThatThrownBy(() -> new ReactorConfiguration("x", -1, IdleMode.POLL, 0, 1, 1))
                .hasMessageContaining("id must be 0 or more, is -1");
        assertThatThrownBy(() -> new ReactorConfiguration("x", 0, IdleMode.POLL, 0, 0, 1))
                .hasMessageContaining("commandsMax");
        assertThatThrownBy(() -> new ReactorConfiguration(" ", 0, IdleMode.POLL, 0, 1, 1))
                .hasMessageContaining("name");
    }
}
