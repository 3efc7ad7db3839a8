/// Tests of the metaserver as a whole.
@NullMarked
package io.basalt.meta;

import org.jspecify.annotations.NullMarked;
