package io.basalt.meta.log;

import org.jspecify.annotations.Nullable;

/// Whose state a [MetaLog] carries.
public interface LogReader {
    /// Take the state of a snapshot in place of the present one.
    ///
    /// @param index of the last entry that is in it
    void restore(long index, byte[] snapshot);

    /// Apply the next committed entry.
    ///
    /// @param index one more than that of the entry or snapshot before; the first is 1
    void committed(long index, byte[] entry);

    /// The state after the last entry that was committed, in bytes. The log keeps it in place of those entries.
    ///
    /// @return null if this reader does not follow the log any more, so that its state is an older one
    byte @Nullable [] snapshot();

    /// This replica leads from now on, or does so no longer. Before it leads it has read everything that
    /// was committed by leaders before it.
    void leading(boolean leads);

    /// Another replica leads, as far as is known, or nobody does.
    ///
    /// @param leader null if none is known
    default void following(@Nullable Replica leader) {}

    /// Whether this reader still applies what is committed. A replicated log of a reader that does not is of no use
    /// to the others as a leader: it stops.
    default boolean follows() {
        return true;
    }

    /// The log cannot go on: it takes no entries and delivers none any more. What was read stands.
    ///
    /// @param reason for people: what happened, and what to do
    void failed(String reason);
}
