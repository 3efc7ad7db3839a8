package io.basalt.meta.log;

import org.jspecify.annotations.Nullable;

/// An ordered, durable row of entries: what one [LogReader] reads, every other reader of the same log reads too, in
/// the same order, whatever happens to machines and processes.
///
/// The contract is that of a replicated log, of which one process with a disk of its own is the simplest case:
///
/// * An entry is **committed** when it can never be lost. Only then the reader sees it.
/// * Only a **leading** replica can append. It may cease to lead at any time; what it has appended and not seen
///   committed has an **uncertain** outcome, and may be committed by another leader later. Whoever proposed it must
///   ask again under the same request id, or look.
/// * A **snapshot** of the reader's state stands for all entries up to the last that was read.
///
/// All methods and callbacks belong to the owner's reactor; nothing here waits. Implementations:
/// `log.local` (a file), the module `quorum` (several metaservers), [MemoryLog] (tests and simulation).
public interface MetaLog extends AutoCloseable {
    /// Longest entry, bytes.
    int ENTRY_BYTES_MAX = 4 << 20;

    /// Begin: the reader gets the newest snapshot if there is one, then every committed entry after it, then learns
    /// whether this replica leads. Once.
    void start(LogReader reader);

    /// Append an entry.
    ///
    /// @param entry 1 to [#ENTRY_BYTES_MAX] bytes; not copied, must not change
    /// @param outcome hears how it ended, once, never from inside this call
    void append(byte[] entry, AppendOutcome outcome);

    /// The replicas of this log; null if it is kept by one process alone.
    default @Nullable Replication replication() {
        return null;
    }

    /// Newest version of commands that every other replica has said it understands, and [Integer#MAX_VALUE] if
    /// there are none. It may rise and fall.
    default int understood() {
        return Integer.MAX_VALUE;
    }

    /// End. What was appended before may still be committed, and heard of; nothing is accepted any more.
    @Override
    void close();
}
