package io.basalt.store.chunk;

/// What is told how opening or formatting ended. Called once, from a later poll of the reactor.
public interface OpenListener {
    /// The store is ready.
    void opened(ChunkStore store, RecoveryReport report);

    /// The store cannot be used; nothing was changed.
    ///
    /// @param reason which field or structure is at fault, why, and what to do
    void refused(String reason);
}
