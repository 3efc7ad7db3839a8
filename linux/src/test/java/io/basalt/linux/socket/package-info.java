/// Tests of Unix sockets and descriptor passing.
@NullMarked
package io.basalt.linux.socket;

import org.jspecify.annotations.NullMarked;
