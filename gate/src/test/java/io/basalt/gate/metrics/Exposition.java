package io.basalt.gate.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A strict reader of Prometheus's text format 0.0.4: fails on whatever Prometheus would refuse or warn of.
final class Exposition {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\"\\\\n])*)\"(,|$)");

    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, Double> samples = new LinkedHashMap<>();

    private Exposition() {}

    static Exposition parse(String text) {
        final Exposition read = new Exposition();
        assertThat(text).endsWith("\n");
        String family = "";
        final Set<String> helped = new HashSet<>();
        for (final String line : text.lines().toList()) {
            if (line.startsWith("# HELP ")) {
                family = line.split(" ", 4)[2];
                assertThat(family).matches(NAME);
                assertThat(helped.add(family)).as("one family " + family).isTrue();
                assertThat(line.split(" ", 4)[3]).as(line).isNotBlank();
            } else if (line.startsWith("# TYPE ")) {
                final String[] words = line.split(" ");
                assertThat(words).as(line).hasSize(4);
                assertThat(words[2]).as("the type stands behind its help").isEqualTo(family);
                assertThat(words[3]).isIn("counter", "gauge", "summary", "histogram");
                if (words[3].equals("counter")) {
                    assertThat(family).endsWith("_total");
                }
                read.types.put(family, words[3]);
            } else {
                read.sample(family, line);
            }
        }
        return read;
    }

    private void sample(String family, String line) {
        final Matcher matcher = SAMPLE.matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        final String name = matcher.group(1);
        final String type = Objects.requireNonNull(types.get(family), family);
        final List<String> allowed = switch (type) {
            case "summary" -> List.of(family + "_sum", family + "_count");
            case "histogram" -> List.of(family + "_bucket", family + "_sum", family + "_count");
            default -> List.of(family);
        };
        assertThat(name).as("a sample of the family that was begun").isIn(allowed);
        final String key = name + labels(matcher.group(2));
        final double value = Double.parseDouble(matcher.group(3));
        assertThat(value).as(line).isFinite();
        if ("counter".equals(type)) {
            assertThat(value).as(line).isNotNegative();
        }
        assertThat(samples.put(key, value)).as("one sample " + key).isNull();
    }

    private static Map<String, String> labels(String text) {
        final Map<String, String> labels = new TreeMap<>();
        if (text == null) {
            return labels;
        }
        final Matcher matcher = LABEL.matcher(text);
        int at = 0;
        while (at < text.length()) {
            assertThat(matcher.find(at) && matcher.start() == at).as(text).isTrue();
            final String value =
                    matcher.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
            assertThat(labels.put(matcher.group(1), value))
                    .as("one label " + matcher.group(1))
                    .isNull();
            at = matcher.end();
        }
        return labels;
    }

    /// The value of a sample, whose labels are given as name, value, name, value...
    double value(String name, String... labels) {
        final Map<String, String> wanted = new TreeMap<>();
        for (int at = 0; at < labels.length; at += 2) {
            wanted.put(labels[at], labels[at + 1]);
        }
        assertThat(samples).containsKey(name + wanted);
        return Objects.requireNonNull(samples.get(name + wanted));
    }

    /// Names of all families.
    List<String> families() {
        return new ArrayList<>(types.keySet());
    }
}
