/// Tests of the reactor on a fake engine and a hand-moved clock.
@NullMarked
package io.basalt.reactor;

import org.jspecify.annotations.NullMarked;
