/// Tests of the production thread.
@NullMarked
package io.basalt.reactor.thread;

import org.jspecify.annotations.NullMarked;
