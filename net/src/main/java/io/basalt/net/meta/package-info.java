/// A node's side of its conversation with the metaserver: registration, heartbeats, maps, attachments. Core: no
/// thread, clock, I/O or randomness.
@NullMarked
package io.basalt.net.meta;

import org.jspecify.annotations.NullMarked;
