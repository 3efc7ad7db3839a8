@NullMarked
package io.basalt.gate.trace;

import org.jspecify.annotations.NullMarked;
