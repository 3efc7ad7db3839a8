/// `basalt demo`: everything in one process, in a minute.
@NullMarked
package io.basalt.cli.demo;

import org.jspecify.annotations.NullMarked;
