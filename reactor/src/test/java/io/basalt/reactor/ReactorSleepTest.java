package io.basalt.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReactorSleepTest {
    @Test
    void adaptiveReactorSpinsBeforeItSleeps() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.ADAPTIVE);
        final FakePoller poller = new FakePoller();
        fixture.reactor.addPoller(poller);
        poller.work.add(() -> {});
        fixture.reactor.turn();
        fixture.clock.advance(ReactorFixture.SPIN_NS - 1);
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
        assertThat(poller.arms).isZero();
        fixture.clock.advance(1);
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).containsExactly(Long.MAX_VALUE);
        assertThat(poller.arms).isOne();
        assertThat(poller.disarms).isOne();
    }

    @Test
    void adaptiveReactorSpinsForNobodyAfterATimer() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.ADAPTIVE);
        final int[] fired = new int[1];
        fixture.turnToSleep();
        fixture.reactor.schedule(TimerWheel.TICK_NS, () -> fired[0]++);
        fixture.clock.advance(2 * TimerWheel.TICK_NS);
        fixture.reactor.turn();
        assertThat(fired[0]).isOne();
        final int before = fixture.engine.sleeps.size();
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).hasSize(before + 1);
    }

    @Test
    void adaptiveReactorSpinsAfterATimerThatAskedTheEngineForSomething() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.ADAPTIVE);
        fixture.turnToSleep();
        fixture.reactor.schedule(TimerWheel.TICK_NS, () -> fixture.engine.completions = 1);
        fixture.clock.advance(2 * TimerWheel.TICK_NS);
        fixture.reactor.turn();
        final int before = fixture.engine.sleeps.size();
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).hasSize(before);
    }

    @Test
    void adaptiveReactorSleepsAgainAtOnceAfterAWakeUpForNothing() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.ADAPTIVE);
        fixture.turnToSleep();
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).hasSize(2);
    }

    @Test
    void interruptReactorSleepsAsSoonAsAPassFindsNothing() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final FakePoller poller = new FakePoller();
        fixture.reactor.addPoller(poller);
        poller.work.add(() -> {});
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).hasSize(1);
    }

    @Test
    void pollReactorNeverArmsOrSleeps() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.POLL);
        final FakePoller poller = new FakePoller();
        fixture.reactor.addPoller(poller);
        for (int turn = 0; turn < 100; turn++) {
            fixture.turnToSleep();
        }
        assertThat(fixture.engine.sleeps).isEmpty();
        assertThat(poller.arms).isZero();
    }

    @Test
    void sleepsNoLongerThanUntilTheNextTimer() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final int[] fired = new int[1];
        fixture.reactor.schedule(TimerWheel.TICK_NS * 40, () -> fired[0]++);
        fixture.engine.whileAsleep = () -> fixture.clock.advance(fixture.engine.sleeps.getLast());
        fixture.reactor.turn();
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps.getFirst()).isEqualTo(TimerWheel.TICK_NS * 40);
        assertThat(fired[0]).isOne();
    }

    @Test
    void goesOnWhenAPollerFindsWorkWhileArming() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final FakePoller first = new FakePoller();
        final FakePoller second = new FakePoller();
        final FakePoller third = new FakePoller();
        fixture.reactor.addPoller(first);
        fixture.reactor.addPoller(second);
        fixture.reactor.addPoller(third);
        second.whenArmed = () -> second.work.add(() -> {});
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
        assertThat(first.disarms).isOne();
        assertThat(second.disarms).isOne();
        assertThat(third.arms).isZero();
        assertThat(third.disarms).isZero();
        assertThat(fixture.reactor.turn()).isOne();
    }

    @Test
    void seesACommandThatComesBetweenThePassAndTheSleep() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final FakePoller poller = new FakePoller();
        final int[] run = new int[1];
        fixture.reactor.addPoller(poller);
        poller.whenArmed = () -> {
            if (poller.arms == 1) {
                fixture.reactor.post(() -> run[0]++);
            }
        };
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
        fixture.reactor.turn();
        assertThat(run[0]).isOne();
    }

    @Test
    void wakesOnceForManyCommandsPostedWhileAsleep() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final int[] run = new int[1];
        fixture.engine.whileAsleep = () -> {
            for (int command = 0; command < 3; command++) {
                fixture.reactor.post(() -> run[0]++);
            }
        };
        fixture.reactor.turn();
        fixture.reactor.turn();
        assertThat(fixture.engine.wakes).isOne();
        assertThat(run[0]).isEqualTo(3);
        assertThat(fixture.reactor.counters().snapshot().wakes()).isOne();
        assertThat(fixture.reactor.counters().snapshot().sleeps()).isOne();
    }

    @Test
    void isNotWokenWhileAwake() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        fixture.reactor.post(() -> {});
        fixture.reactor.turn();
        fixture.reactor.post(() -> {});
        assertThat(fixture.engine.wakes).isZero();
    }

    @Test
    void stopsSleepingWhenItsModeBecomesPollWhileAsleep() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.ADAPTIVE);
        fixture.engine.whileAsleep = () -> fixture.reactor.idleMode(IdleMode.POLL);
        fixture.turnToSleep();
        assertThat(fixture.engine.wakes).isOne();
        fixture.turnToSleep();
        assertThat(fixture.engine.sleeps).hasSize(1);
        assertThat(fixture.reactor.idleMode()).isEqualTo(IdleMode.POLL);
    }

    @Test
    void doesNotSleepWhenItsModeBecomesPollWhileArming() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final FakePoller poller = new FakePoller();
        fixture.reactor.addPoller(poller);
        poller.whenArmed = () -> fixture.reactor.idleMode(IdleMode.POLL);
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
        assertThat(poller.disarms).isOne();
    }

    @Test
    void beginsToSleepWhenItsModeNoLongerIsPoll() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.POLL);
        fixture.turnToSleep();
        fixture.reactor.idleMode(IdleMode.INTERRUPT);
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).hasSize(1);
    }

    @Test
    void messageSentWhileAsleepWakesAndIsDelivered() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final long[] received = new long[1];
        final SpscMailbox mailbox = new SpscMailbox(8, fixture.reactor.doorbell());
        fixture.reactor.addPoller(new MailboxPoller(mailbox, (type, a, b, c) -> received[0] += type + a + b + c, 4));
        fixture.engine.whileAsleep = () -> mailbox.offer(1, 10, 100, 1000);
        fixture.reactor.turn();
        assertThat(fixture.engine.wakes).isOne();
        fixture.reactor.turn();
        assertThat(received[0]).isEqualTo(1111);
    }

    @Test
    void doesNotSleepOnAMessageThatComesWhileArming() {
        final ReactorFixture fixture = new ReactorFixture(IdleMode.INTERRUPT);
        final MpscMailbox mailbox = new MpscMailbox(8, fixture.reactor.doorbell());
        final FakePoller sender = new FakePoller();
        sender.whenArmed = () -> mailbox.offer(1, 2, 3, 4);
        fixture.reactor.addPoller(sender);
        fixture.reactor.addPoller(new MailboxPoller(mailbox, (type, a, b, c) -> {}, 4));
        fixture.reactor.turn();
        assertThat(fixture.engine.sleeps).isEmpty();
    }
}
