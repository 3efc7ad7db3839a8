package io.basalt.gate.config;

import java.io.OutputStream;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/// The process's log: one line per event on standard error, and a level that can be changed while it runs.
public final class GateLog {
    /// How names of threads begin whose lines are made and not written: what they do, no guest sees.
    public static final String REHEARSAL = "rehearsal-";

    private final Logger root;
    private volatile LogLevel level;

    private GateLog(Logger root, LogLevel level) {
        this.root = root;
        this.level = level;
    }

    /// Take over the process's logging: everything goes to standard error.
    public static GateLog install(LogLevel level) {
        return install(Logger.getLogger(""), System.err, level);
    }

    /// The same for one logger and what is below it.
    ///
    /// @param target takes the lines; not closed
    public static GateLog install(Logger root, OutputStream target, LogLevel level) {
        for (final Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        final StreamHandler handler = new StreamHandler(target, new KeyValueFormatter()) {
            @Override
            public synchronized void publish(LogRecord event) {
                if (rehearsed(event)) {
                    getFormatter().format(event);
                } else {
                    super.publish(event);
                    flush();
                }
            }
        };
        handler.setLevel(java.util.logging.Level.ALL);
        root.addHandler(handler);
        final GateLog log = new GateLog(root, level);
        log.level(level);
        return log;
    }

    private static boolean rehearsed(LogRecord event) {
        return event.getLevel().intValue() <= java.util.logging.Level.INFO.intValue()
                && Thread.currentThread().getName().startsWith(REHEARSAL);
    }

    /// What is logged now. Any thread.
    public LogLevel level() {
        return level;
    }

    /// Log more or less from now on. Any thread.
    public void level(LogLevel changed) {
        level = changed;
        root.setLevel(changed.threshold());
    }
}
