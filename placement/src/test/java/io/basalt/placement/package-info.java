/// Tests of the routing rule.
@NullMarked
package io.basalt.placement;

import org.jspecify.annotations.NullMarked;
