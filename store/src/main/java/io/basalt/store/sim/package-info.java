/// A simulated disk: what a real one may do to what is written to it, from a seed. Core: no thread, clock, I/O or
/// randomness of its own.
@NullMarked
package io.basalt.store.sim;

import org.jspecify.annotations.NullMarked;
