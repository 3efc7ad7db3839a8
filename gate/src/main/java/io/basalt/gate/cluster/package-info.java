/// The gate's volumes that the cluster keeps: where each byte lies, how requests get there and come back,
/// and what is done when the way changes. Core: no thread, clock, I/O or randomness.
@NullMarked
package io.basalt.gate.cluster;

import org.jspecify.annotations.NullMarked;
