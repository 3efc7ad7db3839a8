@NullMarked
package io.basalt.nbd;

import org.jspecify.annotations.NullMarked;
