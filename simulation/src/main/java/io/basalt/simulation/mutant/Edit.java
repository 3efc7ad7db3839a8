package io.basalt.simulation.mutant;

import org.jspecify.annotations.Nullable;

/// What is changed in the code of one method. Constants are [Boolean], [Integer] or [Long] as the code's type says;
/// null stands for nothing where a method returns nothing, and for a null reference elsewhere.
sealed interface Edit {
    /// The method does nothing but return a constant.
    record Returns(@Nullable Object constant) implements Edit {}

    /// The calls of a method are left out, and have a result all the same.
    ///
    /// @param callee name of the method that is not called
    record Yields(String callee, @Nullable Object constant) implements Edit {}

    /// The calls of a method go to another one of the same class that looks the same.
    record CallsInstead(String callee, String other) implements Edit {}

    /// The last argument of the calls of a method is a constant.
    record Passes(String callee, @Nullable Object constant) implements Edit {}

    /// Reading a field gives a constant.
    record Holds(String field, Object constant) implements Edit {}

    /// A field is not written.
    record Keeps(String field) implements Edit {}

    /// A constant is another one.
    record Counts(int constant, int other) implements Edit {}
}
