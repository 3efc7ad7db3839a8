package io.basalt.gate.controller;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A controller's front ends: none, one, or two of which one is about to go. Control reactor.
final class Fronts {
    private @Nullable Front first;
    private @Nullable Front second;

    /// The one whose rings run, or ran last, or that came first; null if there is none.
    @Nullable
    Front first() {
        return first;
    }

    /// The other one, if there are two.
    @Nullable
    Front second() {
        return second;
    }

    /// In that order.
    List<Front> all() {
        return Stream.of(first, second).filter(Objects::nonNull).toList();
    }

    boolean isEmpty() {
        return first == null;
    }

    /// Whether another one is neither to be taken, nor has to wait for an end that is near.
    boolean isFull() {
        return first != null && second != null && !first.isEnding() && !second.isEnding();
    }

    /// There is room.
    void add(Front made) {
        assert second == null;
        if (first == null) {
            first = made;
        } else {
            second = made;
        }
    }

    /// This one's rings run from now on, the other's have stopped.
    void run(Front which) {
        if (which.equals(second)) {
            second = first;
            first = which;
        }
    }

    void remove(Front gone) {
        if (gone.equals(first)) {
            first = second;
            second = null;
        } else if (gone.equals(second)) {
            second = null;
        }
    }
}
