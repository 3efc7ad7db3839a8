/// The chunk store: shards of volumes on one device, with redirect-on-write, an intent log and checksums that stand
/// apart from the data. [io.basalt.store.chunk.ChunkStore] is the way in; `docs/FORMAT.md` has the bytes and
/// `docs/adr/0006-chunk-store.md` the reasons. Core: no thread, clock, I/O or randomness of its own.
@NullMarked
package io.basalt.store.chunk;

import org.jspecify.annotations.NullMarked;
