/// Tests of a node's side of its conversation with the metaserver.
@NullMarked
package io.basalt.net.meta;

import org.jspecify.annotations.NullMarked;
