/// Queues that move from a busy data reactor to one that has time: who moves, decided from what reactors
/// and queues counted, and the moving of it. Control reactor.
@NullMarked
package io.basalt.gate.balance;

import org.jspecify.annotations.NullMarked;
