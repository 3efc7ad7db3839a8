package io.basalt.wire.metrics;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/// One answer to Prometheus: families of samples, as text of its exposition format 0.0.4.
///
/// Names are in base units (seconds, bytes) with the unit at the end, counters end in `_total`, and a state is one
/// series per state instead of a number. The samples of a family stand together, in the order they were added. Not
/// thread-safe; made anew for each answer.
public final class MetricsPage {
    /// The `Content-Type` of the text.
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double NS_PER_SECOND = 1e9;

    private final Map<String, StringBuilder> families = new TreeMap<>();

    /// Begin a family.
    ///
    /// @param help one sentence for people
    public void family(String name, MetricType type, String help) {
        final String sentence = help.replace("\\", "\\\\").replace("\n", "\\n");
        families.put(
                name,
                new StringBuilder("# HELP " + name + " " + sentence + "\n# TYPE " + name + " "
                        + type.name().toLowerCase(Locale.ROOT) + "\n"));
    }

    /// A family of one sample without labels.
    public void single(String name, MetricType type, String help, long value) {
        family(name, type, help);
        sample(name, Map.of(), value);
    }

    /// Add a sample to a family.
    ///
    /// @param labels by name; values may hold anything
    public void sample(String name, Map<String, String> labels, long value) {
        append(name, name, labels, String.valueOf(value));
    }

    /// Add a sample to a family, from nanoseconds to seconds.
    public void seconds(String name, Map<String, String> labels, long ns) {
        append(name, name, labels, String.valueOf(ns / NS_PER_SECOND));
    }

    /// Add the two samples of a summary of times.
    ///
    /// @param totalNs sum of all times in nanoseconds
    public void times(String name, Map<String, String> labels, long totalNs, long count) {
        append(name, name + "_sum", labels, String.valueOf(totalNs / NS_PER_SECOND));
        append(name, name + "_count", labels, String.valueOf(count));
    }

    /// Add the samples of a histogram of times.
    ///
    /// @param boundsNs rising
    /// @param within how many times are within a bound
    /// @param totalNs sum of all times in nanoseconds
    public void histogram(
            String name,
            Map<String, String> labels,
            long[] boundsNs,
            LongUnaryOperator within,
            long totalNs,
            long count) {
        for (final long boundNs : boundsNs) {
            bucket(name, labels, String.valueOf(boundNs / NS_PER_SECOND), within.applyAsLong(boundNs));
        }
        bucket(name, labels, "+Inf", count);
        times(name, labels, totalNs, count);
    }

    private void bucket(String name, Map<String, String> labels, String bound, long count) {
        final Map<String, String> bounded = new TreeMap<>(labels);
        bounded.put("le", bound);
        append(name, name + "_bucket", bounded, String.valueOf(count));
    }

    private void append(String familyName, String sample, Map<String, String> labels, String value) {
        final StringBuilder family = families.get(familyName);
        if (family == null) {
            throw new IllegalStateException("family " + familyName + " comes before its samples");
        }
        family.append(sample);
        if (!labels.isEmpty()) {
            final StringBuilder inner = new StringBuilder();
            new TreeMap<>(labels)
                    .forEach((label, text) -> inner.append(inner.isEmpty() ? "" : ",")
                            .append(label)
                            .append("=\"")
                            .append(escape(text))
                            .append('"'));
            family.append('{').append(inner).append('}');
        }
        family.append(' ').append(value).append('\n');
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /// All of it, the families by name.
    public String text() {
        return String.join("", families.values());
    }
}
