package io.basalt.store.chunk;

import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;

/// A reactor without a kernel: its clock moves when the test says so, and it never sleeps.
final class SimReactor {
    private final ManualClock clock = new ManualClock();
    private final Reactor reactor = new Reactor(
            ReactorConfiguration.of("sim", 0), clock::nanoTime, new NoEngine(), () -> true, (_, source, fault) -> {
                throw new AssertionError("fault in " + source, fault);
            });

    Reactor reactor() {
        return reactor;
    }

    void advance(long ns) {
        clock.advance(ns);
    }

    private static final class NoEngine implements Engine {
        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            throw new AssertionError("the simulation never sleeps");
        }

        @Override
        public void wake() {}

        @Override
        public int watch(int fd, int events, FdHandler handler) {
            throw new AssertionError("nothing to watch");
        }

        @Override
        public void unwatch(int watch) {
            throw new AssertionError("nothing to watch");
        }

        @Override
        public void close() {}
    }
}
