package io.basalt.bench.jmh;

import io.basalt.reactor.Doorbell;
import io.basalt.reactor.MailboxHandler;
import io.basalt.reactor.MpscMailbox;
import io.basalt.reactor.Poller;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.SpscMailbox;
import io.basalt.reactor.TimerTask;
import io.basalt.reactor.TimerWheel;
import io.basalt.reactor.thread.SystemClock;
import io.basalt.reactor.uring.UringEngine;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/// The parts of a reactor: a pass that finds nothing, a timer, a message, a turn of io_uring.
public class ReactorBenchmark extends PartBenchmark {
    private static final int ENTRIES = 256;
    private static final int POLLERS = 8;
    private static final int MAILBOX_CAPACITY = 256;
    private static final int TIMERS = 1000;
    private static final long TIMER_SPREAD_NS = 7_919_000;

    private final SpscMailbox spsc = new SpscMailbox(MAILBOX_CAPACITY, new Doorbell(() -> {}));
    private final MpscMailbox mpsc = new MpscMailbox(MAILBOX_CAPACITY, new Doorbell(() -> {}));
    private final MailboxHandler taker = this::take;
    private final TimerWheel wheel = new TimerWheel(0);
    private final TimerTask timer = new CountedTask();
    private @Nullable Reactor reactor;
    /// Read by nobody, public so that the compiler cannot know: what handlers compute must be computed.
    public long sum;
    private long timerNs;

    private final class CountedTask extends TimerTask {
        @Override
        protected void expired(long nowNs) {
            sum += nowNs;
        }
    }

    private static final class IdlePoller implements Poller {
        @Override
        public int poll(long nowNs) {
            return 0;
        }

        @Override
        public boolean arm() {
            return true;
        }

        @Override
        public void disarm() {}
    }

    @Setup
    public void open() {
        final Thread owner = Thread.currentThread();
        final Reactor opened = new Reactor(
                ReactorConfiguration.of("bench", 0),
                SystemClock.INSTANCE,
                UringEngine.open(ENTRIES),
                () -> owner.equals(Thread.currentThread()),
                (where, source, fault) -> {
                    throw new AssertionError(fault);
                });
        for (int i = 0; i < POLLERS; i++) {
            opened.addPoller(new IdlePoller());
        }
        for (int i = 1; i <= TIMERS; i++) {
            wheel.schedule(new CountedTask(), Long.MAX_VALUE / 2 + i * TIMER_SPREAD_NS);
        }
        reactor = opened;
    }

    @TearDown
    public void close() {
        Objects.requireNonNull(reactor).engine().close();
    }

    /// A pass over eight queues without work: what a polling reactor does all day.
    @Benchmark
    public int idlePass() {
        return Objects.requireNonNull(reactor).runOnce();
    }

    /// A timer scheduled and fired, among a thousand others.
    @Benchmark
    public @Nullable TimerTask timer() {
        wheel.schedule(timer, timerNs + 10 * TimerWheel.TICK_NS);
        timerNs += 20 * TimerWheel.TICK_NS;
        return wheel.takeDue(timerNs);
    }

    /// A timer scheduled and cancelled, among a thousand others.
    @Benchmark
    public boolean timerCancelled() {
        wheel.schedule(timer, timerNs + TIMER_SPREAD_NS);
        return wheel.cancel(timer);
    }

    /// A message sent and received in one thread: the mailbox's own cost, without that of moving cache lines.
    @Benchmark
    public int spscMessage() {
        spsc.offer(1, 2, 3, 4);
        return spsc.drain(taker, 1);
    }

    /// The same for many producers.
    @Benchmark
    public int mpscMessage() {
        mpsc.offer(1, 2, 3, 4);
        return mpsc.drain(taker, 1);
    }

    private void take(long type, long first, long second, long third) {
        sum += type + first + second + third;
    }

    /// An io_uring operation that does nothing, submitted and completed alone: the price of a system call.
    @Benchmark
    public int uringNop() {
        final UringEngine engine = UringEngine.of(Objects.requireNonNull(reactor));
        engine.ring().prepareNop(0);
        return engine.poll();
    }
}
