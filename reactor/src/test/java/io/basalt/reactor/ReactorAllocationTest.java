package io.basalt.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import org.junit.jupiter.api.Test;

class ReactorAllocationTest {
    private static final int RUNS = 100_000;

    /// A poller that moves the same few numbers about.
    private static final class Counting implements Poller {
        long polls;

        @Override
        public int poll(long nowNs) {
            return (int) (++polls & 1);
        }

        @Override
        public boolean arm() {
            return true;
        }

        @Override
        public void disarm() {}
    }

    /// A task that schedules itself again each time.
    private static final class Periodic extends TimerTask {
        private final Reactor reactor;
        long fired;

        Periodic(Reactor reactor) {
            this.reactor = reactor;
        }

        @Override
        protected void expired(long nowNs) {
            fired++;
            reactor.schedule(this, 3 * TimerWheel.TICK_NS);
        }
    }

    /// An engine that does nothing at all.
    private static final class NoEngine implements Engine {
        long sleeps;

        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            sleeps++;
            return 0;
        }

        @Override
        public void wake() {}

        @Override
        public int watch(int fd, int events, FdHandler handler) {
            return 0;
        }

        @Override
        public void unwatch(int watch) {}

        @Override
        public void close() {}
    }

    @Test
    void passWithPollersMailboxesTimersAndSleepsAllocatesNothing() {
        final long[] nowNs = new long[1];
        final NoEngine engine = new NoEngine();
        final Reactor reactor = new Reactor(
                ReactorConfiguration.of("allocation", 0).withIdleMode(IdleMode.INTERRUPT),
                () -> nowNs[0],
                engine,
                () -> true,
                (where, source, fault) -> {
                    throw new AssertionError("nothing fails here", fault);
                });
        final SpscMailbox spsc = new SpscMailbox(64, reactor.doorbell());
        final MpscMailbox mpsc = new MpscMailbox(64, reactor.doorbell());
        final long[] received = new long[1];
        final MailboxHandler handler = (type, first, second, third) -> received[0] += type;
        final Periodic periodic = new Periodic(reactor);
        reactor.addPoller(new Counting());
        reactor.addPoller(new MailboxPoller(spsc, handler, 16));
        reactor.addPoller(new MailboxPoller(mpsc, handler, 16));
        reactor.schedule(periodic, 0);

        final long bytes = AllocationProbe.bytesAllocated(RUNS, () -> {
            nowNs[0] += TimerWheel.TICK_NS / 2;
            spsc.offer(1, 2, 3, 4);
            mpsc.offer(1, 2, 3, 4);
            reactor.turn();
            reactor.turn();
            reactor.turn();
        });

        assertThat(bytes).isZero();
        assertThat(received[0]).isGreaterThan(2L * RUNS);
        assertThat(periodic.fired).isGreaterThan(RUNS / 10);
        assertThat(engine.sleeps).isGreaterThan(RUNS);
    }
}
