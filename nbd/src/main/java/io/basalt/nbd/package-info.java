/// The server's side of the NBD protocol (fixed newstyle, with structured and extended replies): the
/// handshake, then transmission over a stream of bytes and a volume's channel. Core: no thread, clock,
/// socket or randomness.
@NullMarked
package io.basalt.nbd;

import org.jspecify.annotations.NullMarked;
