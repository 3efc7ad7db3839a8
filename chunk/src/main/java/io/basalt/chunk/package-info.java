/// Replication of shards: one state machine per placement group and device. Core: no thread, clock, I/O or
/// randomness of its own. The production assembly is in [io.basalt.chunk.server].
@NullMarked
package io.basalt.chunk;

import org.jspecify.annotations.NullMarked;
