package io.basalt.gate.config;

import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How much is logged, in SPDK's words. In code, `System.Logger`'s levels ERROR, WARNING, INFO, DEBUG and TRACE are
/// these five in this order.
public enum LogLevel {
    /// Something failed that should not.
    ERROR(Level.SEVERE),
    /// Something will need attention.
    WARNING(Level.WARNING),
    /// Something changed. The default.
    NOTICE(Level.INFO),
    /// What led to it.
    INFO(Level.FINE),
    /// Everything.
    DEBUG(Level.FINER);

    @SuppressWarnings("ImmutableEnumChecker") // a Level does not change
    private final Level threshold;

    LogLevel(Level threshold) {
        this.threshold = threshold;
    }

    /// The least level that is logged.
    public Level threshold() {
        return threshold;
    }

    /// The level of a word in any case, or null if it is none.
    public static @Nullable LogLevel of(String word) {
        final String upper = word.toUpperCase(Locale.ROOT);
        return Stream.of(values())
                .filter(level -> level.name().equals(upper))
                .findFirst()
                .orElse(null);
    }

    /// The words, from the least to the most.
    public static List<String> words() {
        return Stream.of(values()).map(LogLevel::name).toList();
    }

    /// The word for a record's level.
    static LogLevel covering(Level level) {
        for (final LogLevel candidate : values()) {
            if (level.intValue() >= candidate.threshold.intValue()) {
                return candidate;
            }
        }
        return DEBUG;
    }
}
