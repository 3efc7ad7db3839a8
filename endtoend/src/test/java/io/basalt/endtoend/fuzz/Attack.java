package io.basalt.endtoend.fuzz;

import java.util.random.RandomGenerator;

/// One kind of harm to a gate. Each strike is short, leaves nothing behind on the attacker's side, and makes
/// every choice by the generator, so that a seed stands for the whole of it but for timing.
@FunctionalInterface
interface Attack {
    /// Strikes once.
    ///
    /// @throws AssertionError if the gate does what it must not, as far as the attacker can see
    void strike(RandomGenerator random);
}
