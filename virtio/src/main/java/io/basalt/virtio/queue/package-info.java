/// Virtqueues, device side: split and packed rings, descriptor chains, the inflight region.
@NullMarked
package io.basalt.virtio.queue;

import org.jspecify.annotations.NullMarked;
