/// Commands about volumes.
@NullMarked
package io.basalt.cli.volume;

import org.jspecify.annotations.NullMarked;
