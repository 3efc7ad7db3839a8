package io.basalt.chunk;

import io.basalt.chunk.schedule.Background;
import org.jspecify.annotations.Nullable;

/// Whole blocks that the cluster writes again of its own accord, and who hears of the end.
///
/// @param replica of the placement group, at its primary
/// @param first byte of the shard
/// @param as class of work that it is; null if clients wait for it
record Rewriting(
        PgReplica replica,
        long partId,
        int shard,
        int first,
        int bytes,
        @Nullable Background as,
        Change.Listener listener) {}
