/// Tests that run seeds, and tests that the oracles can fail.
@org.jspecify.annotations.NullMarked
package io.basalt.simulation;
