/// Deliberate mistakes in the production classes, made in their class files, to show that the oracles notice. See
/// `docs/SIMULATION.md`, section 6.
@NullMarked
package io.basalt.simulation.mutant;

import org.jspecify.annotations.NullMarked;
