/// Unix stream sockets that carry file descriptors.
@NullMarked
package io.basalt.linux.socket;

import org.jspecify.annotations.NullMarked;
