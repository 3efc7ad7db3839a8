@NullMarked
package io.basalt.gate.cluster;

import org.jspecify.annotations.NullMarked;
