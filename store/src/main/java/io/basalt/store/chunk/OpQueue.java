package io.basalt.store.chunk;

import org.jspecify.annotations.Nullable;

/// A first-in first-out list of operations, linked through themselves: an operation is in one at most.
final class OpQueue {
    private @Nullable StoreOp first;
    private @Nullable StoreOp last;
    private int count;

    void add(StoreOp op) {
        assert op.next == null;
        if (last == null) {
            first = op;
        } else {
            last.next = op;
        }
        last = op;
        count++;
    }

    @Nullable
    StoreOp take() {
        final StoreOp op = first;
        if (op == null) {
            return null;
        }
        first = op.next;
        if (first == null) {
            last = null;
        }
        op.next = null;
        count--;
        return op;
    }

    int count() {
        return count;
    }

    boolean isEmpty() {
        return first == null;
    }
}
