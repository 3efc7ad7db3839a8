/// Everything that is said to and by the metaserver: registration, heartbeats, maps, attachments, configurations of
/// placement groups. Control plane: records, and their bytes. Core: no thread, clock, I/O or randomness.
@NullMarked
package io.basalt.wire.meta;

import org.jspecify.annotations.NullMarked;
