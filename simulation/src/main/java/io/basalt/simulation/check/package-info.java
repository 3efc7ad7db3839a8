/// The oracles: what clients did and saw, and whether a disk could have behaved like that.
@NullMarked
package io.basalt.simulation.check;

import org.jspecify.annotations.NullMarked;
