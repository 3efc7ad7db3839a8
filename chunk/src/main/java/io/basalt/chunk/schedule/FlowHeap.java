package io.basalt.chunk.schedule;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Flows by one of their tags, the lowest on top: a binary heap in which each flow knows its place.
/// Grows, and then allocates, with the most flows that ever waited at once. One owner reactor.
final class FlowHeap {
    /// The tag that a heap is ordered by.
    enum Key {
        RESERVE,
        START,
        LIMIT
    }

    private static final int NOWHERE = -1;
    private static final int CAPACITY = 64;

    private final Key key;
    private final int slot;
    private @Nullable Flow[] flows = new @Nullable Flow[CAPACITY];
    private int count;

    @SuppressWarnings("EnumOrdinal") // a place in an array of this process, kept nowhere
    FlowHeap(Key key) {
        this.key = key;
        slot = key.ordinal();
    }

    @Nullable
    Flow top() {
        return flows[0];
    }

    boolean contains(Flow flow) {
        return flow.places[slot] != NOWHERE;
    }

    void add(Flow flow) {
        assert !contains(flow);
        if (count == flows.length) {
            flows = Arrays.copyOf(flows, 2 * count);
        }
        put(count, flow);
        count++;
        up(count - 1);
    }

    void remove(Flow flow) {
        final int place = flow.places[slot];
        if (place == NOWHERE) {
            return;
        }
        count--;
        final Flow moved = at(count);
        flows[count] = null;
        flow.places[slot] = NOWHERE;
        if (place < count) {
            put(place, moved);
            changed(moved);
        }
    }

    /// A flow's tag has changed.
    void changed(Flow flow) {
        final int place = flow.places[slot];
        up(place);
        down(flow.places[slot]);
    }

    private void up(int from) {
        final Flow flow = at(from);
        int place = from;
        while (place > 0) {
            final int parent = (place - 1) / 2;
            final Flow above = at(parent);
            if (!isLower(flow, above)) {
                break;
            }
            put(place, above);
            place = parent;
        }
        put(place, flow);
    }

    private void down(int from) {
        final Flow flow = at(from);
        int place = from;
        int child = 2 * place + 1;
        while (child < count) {
            if (child + 1 < count && isLower(at(child + 1), at(child))) {
                child++;
            }
            final Flow below = at(child);
            if (!isLower(below, flow)) {
                break;
            }
            put(place, below);
            place = child;
            child = 2 * place + 1;
        }
        put(place, flow);
    }

    private void put(int place, Flow flow) {
        flows[place] = flow;
        flow.places[slot] = place;
    }

    private Flow at(int place) {
        final Flow flow = Objects.requireNonNull(flows[place]);
        return flow;
    }

    private boolean isLower(Flow one, Flow other) {
        return tag(one) - tag(other) < 0;
    }

    private long tag(Flow flow) {
        return switch (key) {
            case RESERVE -> flow.reserveNs();
            case START -> flow.start();
            case LIMIT -> flow.limitNs();
        };
    }
}
