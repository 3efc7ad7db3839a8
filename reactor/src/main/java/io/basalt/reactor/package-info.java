/// Run-to-completion loops and what runs in them. Core: no thread, clock, I/O or randomness of its own; those
/// come through [io.basalt.reactor.NanoClock], [io.basalt.reactor.RandomSource] and [io.basalt.reactor.Engine].
@NullMarked
package io.basalt.reactor;

import org.jspecify.annotations.NullMarked;
