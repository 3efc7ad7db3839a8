/// Tests that the oracles can fail.
@org.jspecify.annotations.NullMarked
package io.basalt.simulation.mutant;
