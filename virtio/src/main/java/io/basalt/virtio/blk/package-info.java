/// The virtio-blk device (virtio 1.2 section 5.2): requests, configuration space, and the queue that binds a
/// virtqueue to a volume. Core: no thread, clock, I/O or randomness; every byte that comes from the guest is
/// validated.
@NullMarked
package io.basalt.virtio.blk;

import org.jspecify.annotations.NullMarked;
