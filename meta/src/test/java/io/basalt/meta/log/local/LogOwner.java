package io.basalt.meta.log.local;

import io.basalt.meta.log.AppendOutcome;
import io.basalt.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;

/// A log with its owner: the test's own thread, which runs what the log posts.
final class LogOwner implements Executor, AutoCloseable {
    final RecordingReader reader = new RecordingReader();
    final List<String> outcomes = new ArrayList<>();
    final LocalLog log;
    private final ConcurrentLinkedQueue<Runnable> posted = new ConcurrentLinkedQueue<>();

    LogOwner(Path folder, LocalLogOptions options) {
        this(folder, options, UnaryOperator.identity());
    }

    LogOwner(Path folder, LocalLogOptions options, UnaryOperator<LogFile> wrapper) {
        log = LocalLog.open(folder, options, this, wrapper);
        log.start(reader);
        Await.until("the log leads", () -> {
            runPosted();
            return reader.leads;
        });
    }

    @Override
    public void execute(Runnable command) {
        posted.add(command);
    }

    void append(String text) {
        log.append(text.getBytes(StandardCharsets.UTF_8), new AppendOutcome() {
            @Override
            public void committed(long index) {
                outcomes.add(text + " committed " + index);
            }

            @Override
            public void rejected(String reason) {
                outcomes.add(text + " rejected");
            }

            @Override
            public void uncertain(String reason) {
                outcomes.add(text + " uncertain");
            }
        });
    }

    void awaitOutcomes(int count) {
        Await.until(count + " outcomes", () -> {
            runPosted();
            return outcomes.size() >= count;
        });
    }

    void runPosted() {
        for (Runnable next = posted.poll(); next != null; next = posted.poll()) {
            next.run();
        }
    }

    @Override
    public void close() {
        log.close();
        runPosted();
    }
}
