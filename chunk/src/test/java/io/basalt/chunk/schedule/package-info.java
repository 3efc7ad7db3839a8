/// Tests of the scheduler, in virtual time.
@NullMarked
package io.basalt.chunk.schedule;

import org.jspecify.annotations.NullMarked;
