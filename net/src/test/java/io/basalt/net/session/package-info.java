/// Tests of connections: one contract for every network, and the parts of the protocol.
@NullMarked
package io.basalt.net.session;

import org.jspecify.annotations.NullMarked;
