/// Tests of the holder.
@NullMarked
package io.basalt.gate.holder;

import org.jspecify.annotations.NullMarked;
