package io.basalt.stress;

import io.basalt.reactor.Doorbell;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.SpscMailbox;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/// A reactor that is about to sleep meets somebody who has work for it: it never sleeps through it.
public final class SleepWakeStress {
    private SleepWakeStress() {}

    /// The doorbell by itself: a sender publishes a message, the owner arms and looks.
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "asleep with a message, and nobody rings")
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "goes to sleep and is woken")
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "sees the message and stays awake")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "sees the message, and its next sleep ends at once")
    @State
    public static class Message {
        private final AtomicInteger signals = new AtomicInteger();
        private final Doorbell doorbell = new Doorbell(signals::incrementAndGet);
        private final SpscMailbox mailbox = new SpscMailbox(1, doorbell);

        @Actor
        public void sender() {
            mailbox.offer(1, 2, 3, 4);
        }

        @Actor
        public void owner(II_Result result) {
            doorbell.arm();
            result.r1 = mailbox.isEmpty() ? 0 : 1;
        }

        @Arbiter
        public void signals(II_Result result) {
            result.r2 = signals.get();
        }
    }

    /// Two threads ring for one sleep: only one of them makes the system call.
    @JCStressTest
    @Outcome(id = "0", expect = Expect.ACCEPTABLE, desc = "both before the owner armed")
    @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "one of them signals")
    @Outcome(expect = Expect.FORBIDDEN, desc = "more than one signal for one sleep")
    @State
    public static class ManyRing {
        private final AtomicInteger signals = new AtomicInteger();
        private final Doorbell doorbell = new Doorbell(signals::incrementAndGet);

        @Actor
        public void first() {
            doorbell.ring();
        }

        @Actor
        public void second() {
            doorbell.ring();
        }

        @Actor
        public void owner() {
            doorbell.arm();
        }

        @Arbiter
        public void signals(I_Result result) {
            result.r1 = signals.get();
        }
    }

    /// A whole turn of a reactor against a posted command.
    @JCStressTest
    @Outcome(id = "0, 1, 0", expect = Expect.FORBIDDEN, desc = "asleep with a command, and nobody rings")
    @Outcome(id = "0, 1, 1", expect = Expect.ACCEPTABLE, desc = "goes to sleep and is woken")
    @Outcome(id = "0, 0, [01]", expect = Expect.ACCEPTABLE, desc = "sees the command while arming and stays awake")
    @Outcome(id = "1, 0, 0", expect = Expect.ACCEPTABLE, desc = "runs the command in the pass")
    @State
    public static class Command {
        private final SleepingEngine engine = new SleepingEngine();
        private final Reactor reactor = interruptReactor(engine);
        private int run;

        @Actor
        public void sender() {
            reactor.post(() -> run++);
        }

        @Actor
        public void owner(III_Result result) {
            result.r2 = turn(reactor) ? 1 : 0;
            result.r1 = run;
        }

        @Arbiter
        public void wakes(III_Result result) {
            result.r3 = engine.wakes.get();
        }
    }

    /// A whole turn of a reactor against a change to a mode in which it must not sleep.
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "asleep although it must poll, and nobody rings")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "goes to sleep and is woken")
    @Outcome(id = "0, [01]", expect = Expect.ACCEPTABLE, desc = "stays awake")
    @State
    public static class ModeChange {
        private final SleepingEngine engine = new SleepingEngine();
        private final Reactor reactor = interruptReactor(engine);

        @Actor
        public void operator() {
            reactor.idleMode(IdleMode.POLL);
        }

        @Actor
        public void owner(II_Result result) {
            result.r1 = turn(reactor) ? 1 : 0;
        }

        @Arbiter
        public void wakes(II_Result result) {
            result.r2 = engine.wakes.get();
        }
    }

    private static Reactor interruptReactor(Engine engine) {
        return new Reactor(
                ReactorConfiguration.of("stress", 0).withIdleMode(IdleMode.INTERRUPT),
                () -> 0,
                engine,
                () -> true,
                (reactor, source, fault) -> {
                    throw new AssertionError("nothing fails here", fault);
                });
    }

    /// Makes one turn.
    ///
    /// @return true if it ended in a sleep
    private static boolean turn(Reactor reactor) {
        try {
            reactor.turn();
            return false;
        } catch (AsleepForGood e) {
            return true;
        }
    }

    /// What an engine throws to leave the reactor in the middle of its sleep, with the doorbell armed.
    private static final class AsleepForGood extends Error {
        AsleepForGood() {
            super("asleep", null, false, false);
        }
    }

    /// An engine that never returns from its sleep and whose wakes are counted.
    private static final class SleepingEngine implements Engine {
        final AtomicInteger wakes = new AtomicInteger();

        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            throw new AsleepForGood();
        }

        @Override
        public void wake() {
            wakes.incrementAndGet();
        }

        @Override
        public int watch(int fd, int events, FdHandler handler) {
            throw new UnsupportedOperationException("no descriptors here");
        }

        @Override
        public void unwatch(int watch) {
            throw new UnsupportedOperationException("no descriptors here");
        }

        @Override
        public void close() {}
    }
}
