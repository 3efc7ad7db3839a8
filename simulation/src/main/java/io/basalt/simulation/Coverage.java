package io.basalt.simulation;

import java.util.EnumMap;
import java.util.Map;

/// Rare things that runs have to come to, counted: a set of seeds that never does does not test what it seems to.
public final class Coverage {
    private final Map<Sighting, Long> counts = new EnumMap<>(Sighting.class);

    /// Something was seen once more.
    void saw(Sighting what) {
        saw(what, 1);
    }

    /// Something was seen some times more.
    void saw(Sighting what, long times) {
        if (times > 0) {
            counts.merge(what, times, Long::sum);
        }
    }

    /// Add what another run has seen.
    public void add(Coverage other) {
        other.counts.forEach(this::saw);
    }

    /// How often something was seen.
    public long of(Sighting what) {
        return counts.getOrDefault(what, 0L);
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        for (final Sighting each : Sighting.values()) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(each.label())
                    .append(' ')
                    .append(of(each));
        }
        return text.toString();
    }
}
