@NullMarked
package io.basalt.block;

import org.jspecify.annotations.NullMarked;
