/// Connections that carry requests with payload between nodes. Core: no thread, clock, I/O or randomness.
@NullMarked
package io.basalt.net;

import org.jspecify.annotations.NullMarked;
