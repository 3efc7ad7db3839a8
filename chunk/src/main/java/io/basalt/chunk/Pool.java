package io.basalt.chunk;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Objects that are made once and used again and again. One owner reactor.
final class Pool<T> {
    private final Object[] free;
    private int count;

    /// @param size how many are made
    Pool(int size, Supplier<T> make) {
        free = new Object[size];
        while (count < size) {
            free[count++] = make.get();
        }
    }

    /// One of them, null if all are in use.
    @SuppressWarnings("unchecked") // only T goes in
    @Nullable
    T take() {
        return count == 0 ? null : (T) free[--count];
    }

    void give(T object) {
        assert count < free.length;
        free[count++] = object;
    }

    int available() {
        return count;
    }

    /// Whether all are back.
    boolean isWhole() {
        return count == free.length;
    }
}
