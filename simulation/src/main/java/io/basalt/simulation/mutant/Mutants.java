package io.basalt.simulation.mutant;

import java.util.ArrayList;
import java.util.List;

/// All deliberate mistakes.
final class Mutants {
    private Mutants() {}

    static List<Mutant> all() {
        final List<Mutant> all = new ArrayList<>();
        all.addAll(ReplicationMutants.all());
        all.addAll(ControlMutants.all());
        all.addAll(StoreMutants.all());
        all.addAll(HandOverMutants.all());
        return all;
    }
}
