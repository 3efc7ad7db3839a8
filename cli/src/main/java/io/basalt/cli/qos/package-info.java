/// `basalt qos`: how much of its gate and its cluster a volume may use.
@NullMarked
package io.basalt.cli.qos;

import org.jspecify.annotations.NullMarked;
