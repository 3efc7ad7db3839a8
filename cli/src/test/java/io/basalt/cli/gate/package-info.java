@NullMarked
package io.basalt.cli.gate;

import org.jspecify.annotations.NullMarked;
