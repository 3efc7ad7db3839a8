/// Tests of affinity, clocks and limits.
@NullMarked
package io.basalt.linux.process;

import org.jspecify.annotations.NullMarked;
