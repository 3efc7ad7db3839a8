/// Tests of the metrics, which are read as Prometheus reads them.
@NullMarked
package io.basalt.gate.metrics;

import org.jspecify.annotations.NullMarked;
