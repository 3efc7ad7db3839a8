package io.basalt.reactor.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.process.CpuAffinity;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.MailboxPoller;
import io.basalt.reactor.MpscMailbox;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReactorThreadTest {
    private static final int POLLIN = 1;
    private static final FaultHandler NO_FAULTS = (reactor, source, fault) -> {
        throw new AssertionError("unexpected fault in " + source, fault);
    };

    @ParameterizedTest
    @EnumSource(IdleMode.class)
    void runsPostedCommandsInItsOwnThread(IdleMode mode) {
        try (ReactorThread thread = start(mode)) {
            final Reactor reactor = thread.reactor();
            for (int command = 0; command < 200; command++) {
                assertThat(ask(reactor, reactor::inLoop)).isTrue();
            }
            assertThat(reactor.inLoop()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(IdleMode.class)
    void deliversEveryMessageWhetherItSleepsOrNot(IdleMode mode) {
        final int count = 20_000;
        try (ReactorThread thread = start(mode)) {
            final AtomicInteger received = new AtomicInteger();
            final MpscMailbox mailbox = new MpscMailbox(64, thread.reactor().doorbell());
            final MailboxPoller poller = new MailboxPoller(mailbox, (type, a, b, c) -> received.incrementAndGet(), 16);
            thread.reactor().post(() -> thread.reactor().addPoller(poller));
            for (int message = 0; message < count; message++) {
                Await.until("room in the mailbox", () -> mailbox.offer(1, 2, 3, 4));
            }
            Await.until("all messages received", () -> received.get() == count);
        }
    }

    @Test
    void firesTimersWhileItSleeps() {
        try (ReactorThread thread = start(IdleMode.INTERRUPT)) {
            final CompletableFuture<Long> fired = new CompletableFuture<>();
            final Reactor reactor = thread.reactor();
            final long delayNs = 5_000_000;
            reactor.post(() -> {
                final long deadlineNs = reactor.nowNs() + delayNs;
                reactor.schedule(delayNs, () -> fired.complete(reactor.nowNs() - deadlineNs));
            });
            assertThat(fired.join()).isNotNegative();
        }
    }

    @Test
    void changesItsIdleModeWhileItSleeps() {
        try (ReactorThread thread = start(IdleMode.INTERRUPT)) {
            final Reactor reactor = thread.reactor();
            awaitSleep(reactor);
            reactor.idleMode(IdleMode.POLL);
            final long passes = reactor.counters().snapshot().passes();
            Await.until("it polls", () -> reactor.counters().snapshot().passes() > passes + 10_000);
            reactor.idleMode(IdleMode.ADAPTIVE);
            awaitSleep(reactor);
        }
    }

    @Test
    void usesNoProcessorTimeWhileIdleAndWakesForAWatchedDescriptor() {
        try (EventFd kick = EventFd.create();
                ReactorThread thread = start(IdleMode.ADAPTIVE)) {
            final Reactor reactor = thread.reactor();
            final AtomicInteger kicks = new AtomicInteger();
            final int watch =
                    ask(reactor, () -> reactor.engine().watch(kick.fd(), POLLIN, events -> kicks.incrementAndGet()));
            awaitSleep(reactor);

            final long startNs = System.nanoTime();
            final long startCpuNs = thread.cpuClock().nowNs();
            Await.until("a second has passed", () -> System.nanoTime() - startNs > 1_000_000_000L);
            final long cpuNs = thread.cpuClock().nowNs() - startCpuNs;
            final long elapsedNs = System.nanoTime() - startNs;
            assertThat((double) cpuNs / elapsedNs).as("share of a processor").isLessThan(0.01);

            for (int kicked = 1; kicked <= 20; kicked++) {
                final int expected = kicked;
                kick.signal();
                Await.until("kick " + kicked, () -> kicks.get() == expected);
            }
            reactor.post(() -> reactor.engine().unwatch(watch));
        }
    }

    @Test
    void runsOnTheProcessorItIsPinnedTo() {
        final int processor = CpuAffinity.current().nextSetBit(0);
        final ReactorConfiguration configuration = configuration(IdleMode.INTERRUPT);
        try (ReactorThread thread = ReactorThread.start(
                configuration, processor, ReactorThreadTest::openEngine, NO_FAULTS, ReactorThread.STOP_PROCESS)) {
            final BitSet only = new BitSet();
            only.set(processor);
            assertThat(ask(thread.reactor(), CpuAffinity::current)).isEqualTo(only);
        }
    }

    @Test
    void handsOnWhatTheEngineThrowsWhenItCannotBeOpened() {
        final IllegalStateException reason = new IllegalStateException("no io_uring here");
        final Supplier<Engine> broken = () -> {
            throw reason;
        };
        assertThatThrownBy(() -> ReactorThread.start(configuration(IdleMode.POLL), broken, NO_FAULTS))
                .isSameAs(reason);
    }

    @Test
    void tellsItsLastResortOfAFailedAssertionAndEnds() throws InterruptedException {
        final AtomicReference<Throwable> told = new AtomicReference<>();
        final ReactorThread thread = ReactorThread.start(
                configuration(IdleMode.INTERRUPT),
                ReactorThread.UNPINNED,
                ReactorThreadTest::openEngine,
                NO_FAULTS,
                (which, error) -> told.set(error));
        thread.reactor().post(() -> {
            throw new AssertionError("an invariant of ours");
        });
        assertThat(thread.join(Duration.ofMinutes(2))).isTrue();
        assertThat(told.get()).isInstanceOf(AssertionError.class).hasMessage("an invariant of ours");
    }

    @Test
    void runsWhatWasPostedBeforeItWasStopped() {
        final List<Integer> run = new ArrayList<>();
        final ReactorThread thread = start(IdleMode.ADAPTIVE);
        for (int command = 0; command < 500; command++) {
            final int number = command;
            thread.reactor().post(() -> run.add(number));
        }
        thread.close();
        assertThat(run).hasSize(500).isSorted();
        assertThat(thread.isAlive()).isFalse();
    }

    private static ReactorThread start(IdleMode mode) {
        return ReactorThread.start(configuration(mode), ReactorThreadTest::openEngine, NO_FAULTS);
    }

    private static Engine openEngine() {
        return UringEngine.open(64);
    }

    private static ReactorConfiguration configuration(IdleMode mode) {
        return ReactorConfiguration.of("reactor-test", 0).withIdleMode(mode);
    }

    private static void awaitSleep(Reactor reactor) {
        final long sleeps = reactor.counters().snapshot().sleeps();
        reactor.post(() -> {});
        Await.until("it sleeps", () -> reactor.counters().snapshot().sleeps() > sleeps);
    }

    private static <T> T ask(Reactor reactor, Supplier<T> question) {
        final CompletableFuture<T> answer = new CompletableFuture<>();
        reactor.post(() -> answer.complete(question.get()));
        return answer.join();
    }
}
