/// The metaserver's state machine: everything that the cluster must never forget, changed only by commands.
/// Core: no thread, clock, I/O or randomness; the same commands lead to the same bytes everywhere.
@NullMarked
package io.basalt.meta.state;

import org.jspecify.annotations.NullMarked;
