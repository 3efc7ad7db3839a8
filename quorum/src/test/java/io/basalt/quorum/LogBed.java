package io.basalt.quorum;

import io.basalt.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// A log with all of its replicas in this process, in one thread of the test's.
abstract class LogBed implements AutoCloseable {
    private static final Duration BOUND = Duration.ofMinutes(2);

    final List<LogOwner> replicas = new ArrayList<>();

    /// Opens every replica.
    abstract void open();

    /// Closes every replica and opens it again.
    final void restart() {
        stopAll();
        open();
    }

    /// Closes every replica.
    final void stopAll() {
        replicas.forEach(LogOwner::close);
        replicas.clear();
    }

    /// Runs what the logs post until something holds.
    final void until(String what, BooleanSupplier condition) {
        Await.until(what, BOUND, () -> {
            replicas.forEach(LogOwner::runPosted);
            return condition.getAsBoolean();
        });
    }

    /// The replica that leads, once one does.
    final LogOwner leader() {
        until("one leads", () -> replicas.stream().anyMatch(each -> each.reader.leads));
        return replicas.stream().filter(each -> each.reader.leads).findFirst().orElseThrow();
    }

    /// Waits until all replicas have read as much as the leader.
    final void settle() {
        final LogOwner leader = leader();
        until("all appends ended", leader::allEnded);
        until(
                "all replicas have read " + leader.reader.lastIndex,
                () -> replicas.stream().allMatch(each -> each.reader.lastIndex == leader.reader.lastIndex));
    }

    @Override
    public void close() {
        stopAll();
    }
}
