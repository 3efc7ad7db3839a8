/// The gate's volumes: what each was made from, who uses it, and how much. One owner: the control reactor.
@NullMarked
package io.basalt.gate.volume;

import org.jspecify.annotations.NullMarked;
