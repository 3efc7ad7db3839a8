/// NBD exports: where clients connect, their handshakes on the control reactor, and their connections
/// on the data reactors.
@NullMarked
package io.basalt.gate.nbd;

import org.jspecify.annotations.NullMarked;
