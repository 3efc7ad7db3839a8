@NullMarked
package io.basalt.wire.metrics;

import org.jspecify.annotations.NullMarked;
