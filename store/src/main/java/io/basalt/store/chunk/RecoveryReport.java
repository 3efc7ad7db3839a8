package io.basalt.store.chunk;

/// What recovery found and did when a [ChunkStore] was opened.
///
/// @param shards shards found
/// @param pagesRead metadata pages looked at
/// @param logBlocks log blocks that were in force
/// @param recordsApplied records of finished writes taken from the log
/// @param recordsRejected records of writes that never finished, left out
/// @param shardsDamaged shards whose metadata is lost: every request on them is answered [StoreStatus#CORRUPT]
///     until
///     they are written anew or dropped
/// @param incomplete whether it is not known which shards are lost: see [ChunkStore#isIncomplete]
public record RecoveryReport(
        int shards,
        long pagesRead,
        long logBlocks,
        long recordsApplied,
        long recordsRejected,
        int shardsDamaged,
        boolean incomplete) {}
