package io.basalt.gate.config;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/// One event as one line of `key=value` pairs; values with spaces or quotes are quoted, control characters escaped.
final class KeyValueFormatter extends Formatter {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    @Override
    public String format(LogRecord event) {
        final StringBuilder line = new StringBuilder(160);
        line.append("time=").append(TIME.format(event.getInstant()));
        line.append(" level=").append(LogLevel.covering(event.getLevel()));
        line.append(" thread=").append(value(Thread.currentThread().getName()));
        line.append(" logger=").append(value(shortName(event.getLoggerName())));
        line.append(" message=").append(value(formatMessage(event)));
        if (event.getThrown() != null) {
            final StringWriter stack = new StringWriter();
            event.getThrown().printStackTrace(new PrintWriter(stack, true));
            line.append(" thrown=").append(value(stack.toString().strip()));
        }
        return line.append('\n').toString();
    }

    private static String shortName(String loggerName) {
        return loggerName == null ? "" : loggerName.substring(loggerName.lastIndexOf('.') + 1);
    }

    private static String value(String text) {
        final boolean plain = !text.isEmpty()
                && text.chars()
                        .allMatch(c -> c > ' ' && c != '"' && c != '\\' && c != '=' && !Character.isISOControl(c));
        if (plain) {
            return text;
        }
        final StringBuilder quoted = new StringBuilder(text.length() + 16).append('"');
        for (int index = 0; index < text.length(); index++) {
            final char current = text.charAt(index);
            switch (current) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (Character.isISOControl(current)) {
                        quoted.append(String.format("\\u%04x", (int) current));
                    } else {
                        quoted.append(current);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
