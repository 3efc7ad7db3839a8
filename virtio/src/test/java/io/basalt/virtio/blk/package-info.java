@NullMarked
package io.basalt.virtio.blk;

import org.jspecify.annotations.NullMarked;
