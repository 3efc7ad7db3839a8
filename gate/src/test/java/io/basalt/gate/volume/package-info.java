/// Tests of the volume registry.
@NullMarked
package io.basalt.gate.volume;

import org.jspecify.annotations.NullMarked;
