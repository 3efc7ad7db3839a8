/// The methods of the gate's JSON-RPC, grouped by what they manage. One owner: the control reactor.
@NullMarked
package io.basalt.gate.rpc.method;

import org.jspecify.annotations.NullMarked;
