package io.basalt.endtoend.harness;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// How long something has stood still, time after time, and what is to be said of it.
public final class Pauses {
    private final String name;
    private final List<Long> us = new ArrayList<>();

    /// @param name of what stood still, or of the part of its pause
    public Pauses(String name) {
        this.name = name;
    }

    /// Count one, in microseconds.
    public void add(long pauseUs) {
        us.add(pauseUs);
    }

    public int count() {
        return us.size();
    }

    /// @param fraction 0 to 1
    private long quantileUs(double fraction) {
        final List<Long> sorted = new ArrayList<>(us);
        Collections.sort(sorted);
        return sorted.get((int) Math.ceil(fraction * sorted.size()) - 1);
    }

    @Override
    public String toString() {
        return us.isEmpty()
                ? name + ": none"
                : "%s: p50 %.1f, p90 %.1f, p99 %.1f, max %.1f ms"
                        .formatted(
                                name,
                                quantileUs(0.5) / 1e3,
                                quantileUs(0.9) / 1e3,
                                quantileUs(0.99) / 1e3,
                                quantileUs(1) / 1e3);
    }
}
