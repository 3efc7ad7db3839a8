/// Tests of message layouts, byte by byte.
@NullMarked
package io.basalt.wire;

import org.jspecify.annotations.NullMarked;
