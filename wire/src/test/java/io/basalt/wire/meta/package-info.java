/// Tests of the metaserver's messages.
@NullMarked
package io.basalt.wire.meta;

import org.jspecify.annotations.NullMarked;
