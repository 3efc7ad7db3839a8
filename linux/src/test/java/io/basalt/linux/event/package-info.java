/// Tests of eventfds.
@NullMarked
package io.basalt.linux.event;

import org.jspecify.annotations.NullMarked;
