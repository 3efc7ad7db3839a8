/// Tools that need no running cluster: the placement calculator, and the devices of a stopped chunk server.
@NullMarked
package io.basalt.cli.tool;

import org.jspecify.annotations.NullMarked;
