@NullMarked
package io.basalt.gate.qos;

import org.jspecify.annotations.NullMarked;
