/// The `basalt` command.
@NullMarked
package io.basalt.cli;

import org.jspecify.annotations.NullMarked;
