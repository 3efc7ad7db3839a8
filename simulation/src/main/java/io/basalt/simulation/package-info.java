/// A whole cluster in one thread, from a seed: production classes over a simulated clock, network and
/// disks, with faults on purpose and oracles that notice what must never happen.
@NullMarked
package io.basalt.simulation;

import org.jspecify.annotations.NullMarked;
