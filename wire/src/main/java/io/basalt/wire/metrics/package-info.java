/// What daemons tell of themselves to Prometheus, as text. Control plane.
@NullMarked
package io.basalt.wire.metrics;

import org.jspecify.annotations.NullMarked;
