/// Tests of the RPC's core.
@NullMarked
package io.basalt.gate.rpc;

import org.jspecify.annotations.NullMarked;
