package io.basalt.chunk.schedule;

/// On whose behalf a request is at the store.
public enum Origin {
    /// A gate's, or one that a gate's request or a takeover waits for.
    CLIENT,
    /// A primary's on another device.
    REPLICA,
    /// One that nobody waits for: see [Background].
    BACKGROUND
}
