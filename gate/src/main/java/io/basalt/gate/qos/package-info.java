/// How much of its gate and its cluster a volume may use: limits of requests and bytes per second, with credit for
/// bursts, shared by all of a volume's queues on all reactors. Core: no thread, clock, I/O or randomness.
@NullMarked
package io.basalt.gate.qos;

import org.jspecify.annotations.NullMarked;
