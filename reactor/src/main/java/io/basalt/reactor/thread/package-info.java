/// The production thread of a reactor, and the system's clock.
@NullMarked
package io.basalt.reactor.thread;

import org.jspecify.annotations.NullMarked;
