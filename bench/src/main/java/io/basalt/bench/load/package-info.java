/// Whole processes under the same load, one after the other: the gate, other back ends, the bare file.
@NullMarked
package io.basalt.bench.load;

import org.jspecify.annotations.NullMarked;
