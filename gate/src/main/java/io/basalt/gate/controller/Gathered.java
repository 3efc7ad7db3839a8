package io.basalt.gate.controller;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The first refusal of several, told when all have answered. One thread.
final class Gathered {
    private final Consumer<@Nullable String> done;
    private int left;
    private @Nullable String refusal;

    /// @param count of answers that are waited for
    Gathered(int count, Consumer<@Nullable String> done) {
        this.left = count;
        this.done = done;
    }

    /// One has answered.
    ///
    /// @param why null, or its refusal
    void one(@Nullable String why) {
        if (refusal == null) {
            refusal = why;
        }
        left--;
        if (left == 0) {
            done.accept(refusal);
        }
    }
}
