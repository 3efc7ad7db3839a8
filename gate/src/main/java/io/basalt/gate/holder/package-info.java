/// What outlives a gate's crash: the holder of its descriptors, the gate's link to it, and the gate
/// that stands by, as state machines. Messages are those of [io.basalt.gate.handover]. One owner each:
/// a control reactor.
@NullMarked
package io.basalt.gate.holder;

import org.jspecify.annotations.NullMarked;
