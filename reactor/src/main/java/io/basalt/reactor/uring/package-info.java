/// The production engine of a reactor: one io_uring per reactor, with its watches, registered files and buffers.
@NullMarked
package io.basalt.reactor.uring;

import org.jspecify.annotations.NullMarked;
