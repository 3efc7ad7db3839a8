package io.basalt.store.chunk;

/// What is told how formatting ended. Called once, from a later poll of the reactor.
public interface FormatListener {
    /// The device holds an empty store.
    void formatted();

    /// The device holds no store.
    ///
    /// @param reason which field or structure is at fault, why, and what to do
    void refused(String reason);
}
