/// Attacks on a whole gate: a process of its own is fed damaged messages, rings, memory and management requests
/// over its real sockets, and must neither end, stall, leak nor let a neighbour notice.
@NullMarked
package io.basalt.endtoend.fuzz;

import org.jspecify.annotations.NullMarked;
