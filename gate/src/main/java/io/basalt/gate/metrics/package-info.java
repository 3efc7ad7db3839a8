/// What a gate tells Prometheus, over HTTP. Read off the data path: reactors and queues count, the control
/// reactor adds up.
@NullMarked
package io.basalt.gate.metrics;

import org.jspecify.annotations.NullMarked;
