/// Tests of the production engine against the kernel.
@NullMarked
package io.basalt.reactor.uring;

import org.jspecify.annotations.NullMarked;
