package io.basalt.reactor.uring;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Objects under small numbers that are not given out again soon: a completion that arrives late for an object that
/// has been removed must not reach the one that came after it.
///
/// ```
///   31 30        16 15         0
///   ┌─┬────────────┬────────────┐
///   │0│ generation │ slot       │   the generation of a slot goes up with each removal
///   └─┴────────────┴────────────┘
/// ```
///
/// A stale number is taken for a live one only after 2^15 removals from one slot while its completion is under way.
final class SlotTable<T> {
    static final int SLOTS_MAX = 1 << 16;

    private static final int SLOT_BITS = 16;
    private static final int SLOT_MASK = SLOTS_MAX - 1;
    private static final int GENERATION_MASK = (1 << 15) - 1;

    private final List<Slot<T>> slots = new ArrayList<>();
    private final BitSet used = new BitSet();

    private static final class Slot<T> {
        int number;

        @Nullable
        T object;

        Slot(int number) {
            this.number = number;
        }
    }

    /// Puts an object in and answers its number, 0 and up.
    ///
    /// @throws IllegalStateException if there are [#SLOTS_MAX] already
    int add(T object) {
        final int index = used.nextClearBit(0);
        if (index == SLOTS_MAX) {
            throw new IllegalStateException("more than " + SLOTS_MAX + " handlers or watches on one reactor");
        }
        if (index == slots.size()) {
            slots.add(new Slot<>(index));
        }
        final Slot<T> slot = slots.get(index);
        assert slot.object == null : "a free slot holds nothing";
        slot.object = object;
        used.set(index);
        return slot.number;
    }

    /// The object under a number, null if it has been removed. Allocates nothing.
    @Nullable
    T find(int number) {
        final int index = number & SLOT_MASK;
        if (index >= slots.size()) {
            return null;
        }
        final Slot<T> slot = slots.get(index);
        return slot.number == number ? slot.object : null;
    }

    /// Takes an object out, null if it has been removed before.
    @Nullable
    T remove(int number) {
        final T object = find(number);
        if (object != null) {
            final int index = number & SLOT_MASK;
            final int generation = ((number >>> SLOT_BITS) + 1) & GENERATION_MASK;
            final Slot<T> slot = slots.get(index);
            slot.object = null;
            slot.number = generation << SLOT_BITS | index;
            used.clear(index);
        }
        return object;
    }

    /// Objects that are in.
    int size() {
        return used.cardinality();
    }
}
