package io.basalt.simulation.mutant;

import java.util.function.IntConsumer;

/// The one mistake that the changed classes make: all are in their code, each behind a question asked here. Its state
/// is that of the class loader that the changed classes are of.
public final class Chosen implements IntConsumer {
    /// No mistake at all.
    static final int NONE = 0;

    private static int number;

    /// For the loader.
    public Chosen() {}

    /// Make another mistake from now on.
    ///
    /// @param chosen number of the mistake, [#NONE] for none
    @Override
    public void accept(int chosen) {
        number = chosen;
    }

    /// Whether a mistake is to be made. Asked by the changed code.
    public static boolean isChosen(int mistake) {
        return number == mistake;
    }
}
