package io.basalt.quorum;

import io.basalt.meta.log.MemoryLog;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import java.nio.file.Path;

/// The contract, kept by the log in memory that simulation runs with.
class MemoryLogContractTest extends MetaLogContract {
    private static final long COMMIT_NS = 100_000;
    private static final int SNAPSHOT_ENTRIES = 16;

    @Override
    LogBed bed(Path where) {
        final MemoryLog.Storage storage = new MemoryLog.Storage();
        final ManualClock clock = new ManualClock();
        final Reactor reactor = new Reactor(
                ReactorConfiguration.of("test", 0),
                clock::nanoTime,
                new NoEngine(),
                () -> true,
                (at, source, fault) -> {
                    throw new AssertionError(source + " failed", fault);
                });
        return new LogBed() {
            @Override
            void open() {
                replicas.add(new LogOwner(
                        owner -> new MemoryLog(reactor, storage, COMMIT_NS, SNAPSHOT_ENTRIES),
                        new RecordingReader(false),
                        () -> {
                            clock.advance(COMMIT_NS);
                            reactor.turn();
                        }));
            }
        };
    }

    /// An engine with nothing to drive.
    private static final class NoEngine implements Engine {
        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            return 0;
        }

        @Override
        public void wake() {
            // The test makes the passes.
        }

        @Override
        public int watch(int fd, int events, FdHandler handler) {
            throw new AssertionError("a log in memory has no descriptor");
        }

        @Override
        public void unwatch(int watch) {
            throw new AssertionError("a log in memory has no descriptor");
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }
}
