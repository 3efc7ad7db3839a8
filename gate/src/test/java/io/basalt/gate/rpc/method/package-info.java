/// Tests of the methods.
@NullMarked
package io.basalt.gate.rpc.method;

import org.jspecify.annotations.NullMarked;
