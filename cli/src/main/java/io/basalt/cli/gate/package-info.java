/// The gate of this host, from the operator's side.
@NullMarked
package io.basalt.cli.gate;

import org.jspecify.annotations.NullMarked;
