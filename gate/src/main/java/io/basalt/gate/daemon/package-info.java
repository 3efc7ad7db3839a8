/// The gate as a process: options, reactors, start and stop.
@NullMarked
package io.basalt.gate.daemon;

import org.jspecify.annotations.NullMarked;
