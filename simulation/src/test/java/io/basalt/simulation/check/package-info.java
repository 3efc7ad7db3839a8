/// Tests of the oracles themselves.
@org.jspecify.annotations.NullMarked
package io.basalt.simulation.check;
