/// A network in memory under virtual time, for tests and simulation: the production protocol over simulated
/// streams, with delays, partitions, broken connections and damaged bytes. Deterministic: everything comes from
/// the clock and the source of random numbers it is given.
@NullMarked
package io.basalt.net.sim;

import org.jspecify.annotations.NullMarked;
