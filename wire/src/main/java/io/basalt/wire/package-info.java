/// Message layouts: what travels between nodes, byte by byte.
@NullMarked
package io.basalt.wire;

import org.jspecify.annotations.NullMarked;
