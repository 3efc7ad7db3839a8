@NullMarked
package io.basalt.cli.why;

import org.jspecify.annotations.NullMarked;
