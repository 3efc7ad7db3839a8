package io.basalt.quorum;

import io.basalt.meta.log.AppendOutcome;
import io.basalt.meta.log.MetaLog;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Function;

/// A log with its owner: the test's own thread, which runs what the log posts.
final class LogOwner implements Executor, AutoCloseable {
    final RecordingReader reader;
    final MetaLog log;
    final List<String> outcomes = new ArrayList<>();
    private final ConcurrentLinkedQueue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final Runnable more;
    private boolean inAppend;
    private boolean closed;

    /// @param more what else the owner's thread has to do
    LogOwner(Function<Executor, MetaLog> open, RecordingReader reader, Runnable more) {
        this.reader = reader;
        this.more = more;
        log = open.apply(this);
        log.start(reader);
    }

    @Override
    public void execute(Runnable command) {
        posted.add(command);
    }

    void append(String text) {
        inAppend = true;
        final int number = outcomes.size();
        outcomes.add("");
        log.append(text.getBytes(StandardCharsets.UTF_8), new AppendOutcome() {
            @Override
            public void committed(long index) {
                if (reader.lastIndex == index && !reader.entries.getLast().equals(text)) {
                    throw new AssertionError("told of " + text + " before it was read");
                }
                ended("committed " + index);
            }

            @Override
            public void rejected(String reason) {
                ended("rejected");
            }

            @Override
            public void uncertain(String reason) {
                ended("uncertain");
            }

            private void ended(String how) {
                if (inAppend || !outcomes.get(number).isEmpty()) {
                    throw new AssertionError(text + " ended " + how + (inAppend ? " inside the call" : " twice"));
                }
                outcomes.set(number, how);
            }
        });
        inAppend = false;
    }

    boolean allEnded() {
        return outcomes.stream().noneMatch(String::isEmpty);
    }

    void runPosted() {
        more.run();
        for (Runnable next = posted.poll(); next != null; next = posted.poll()) {
            next.run();
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            log.close();
        }
        runPosted();
    }
}
