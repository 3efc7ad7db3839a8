/// `basalt demo`: everything on one machine, in a minute.
@NullMarked
package io.basalt.cli.demo;

import org.jspecify.annotations.NullMarked;
