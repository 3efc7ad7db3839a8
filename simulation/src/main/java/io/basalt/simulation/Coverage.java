package io.basalt.simulation;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/// Rare things that runs have to come to, counted: a set of seeds that never does does not test what it seems to.
public final class Coverage {
    private final Map<Sighting, Long> counts = new EnumMap<>(Sighting.class);

    /// What went wrong at which step of hand-overs.
    private final Map<HandOverFault, Map<HandOverStep, Long>> mishaps = new EnumMap<>(HandOverFault.class);

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

    /// Something went wrong at a step of a hand-over.
    void saw(HandOverFault fault, HandOverStep step) {
        saw(fault, step, 1);
    }

    private void saw(HandOverFault fault, HandOverStep step, long times) {
        mishaps.computeIfAbsent(fault, _ -> new EnumMap<>(HandOverStep.class)).merge(step, times, Long::sum);
    }

    /// How often something went wrong at a step of a hand-over.
    long of(HandOverFault fault, HandOverStep step) {
        return mishaps.getOrDefault(fault, Map.of()).getOrDefault(step, 0L);
    }

    /// Add what another run has seen.
    public void add(Coverage other) {
        other.counts.forEach(this::saw);
        other.mishaps.forEach((fault, steps) -> steps.forEach((step, times) -> saw(fault, step, times)));
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
        mishaps.forEach((fault, steps) -> text.append(", ")
                .append(fault.name().toLowerCase(Locale.ROOT).replace('_', ' '))
                .append(' ')
                .append(steps));
        return text.toString();
    }
}
