/// JSON-RPC 2.0 over a Unix socket in SPDK's dialect: stream splitting, checked parameters, dispatch, server,
/// client, and the interfaces through which methods reach the rest of the gate. One owner: the control reactor.
@NullMarked
package io.basalt.gate.rpc;

import org.jspecify.annotations.NullMarked;
