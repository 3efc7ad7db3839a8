/// Where the time of requests goes: what is measured of each on its reactor, always, and what is told of it. Core but
/// for
/// [SlowLog], which writes the log.
@NullMarked
package io.basalt.gate.trace;

import org.jspecify.annotations.NullMarked;
