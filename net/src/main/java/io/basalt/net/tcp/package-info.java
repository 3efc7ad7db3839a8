/// Connections over TCP and io_uring. Production shim: sockets, files and the system's randomness are here.
@NullMarked
package io.basalt.net.tcp;

import org.jspecify.annotations.NullMarked;
