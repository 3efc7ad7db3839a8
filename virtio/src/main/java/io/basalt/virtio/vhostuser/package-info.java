/// vhost-user: the protocol by which a virtual machine monitor (the front end) hands a disk's queues and memory
/// to this process (the back end). Sockets, mappings and file descriptors are reached through interfaces only;
/// nothing here blocks, starts a thread or reads a clock. Every message is hostile until its rule has been
/// checked.
@NullMarked
package io.basalt.virtio.vhostuser;

import org.jspecify.annotations.NullMarked;
