package io.basalt.meta.log;

/// How an append ended: one of the three, once.
public interface AppendOutcome {
    /// The entry is committed, and the reader has just read it.
    void committed(long index);

    /// The entry is not in the log and never will be: this replica does not lead, or the log takes nothing any
    /// more.
    void rejected(String reason);

    /// The entry may or may not be in the log, now or later.
    void uncertain(String reason);
}
