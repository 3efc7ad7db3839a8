/// The protocol of a connection over any byte stream: handshake, frames, credits, deadlines, signs of life. Core:
/// no thread, clock, I/O or randomness; `net.tcp` and `net.sim` bring the streams.
@NullMarked
package io.basalt.net.session;

import org.jspecify.annotations.NullMarked;
