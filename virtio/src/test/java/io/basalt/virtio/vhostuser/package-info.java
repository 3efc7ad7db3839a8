/// Recorded conversations, golden bytes and hostile front ends against the vhost-user session.
@NullMarked
package io.basalt.virtio.vhostuser;

import org.jspecify.annotations.NullMarked;
