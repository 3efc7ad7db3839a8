/// Tests of rings against the running kernel.
@NullMarked
package io.basalt.linux.uring;

import org.jspecify.annotations.NullMarked;
