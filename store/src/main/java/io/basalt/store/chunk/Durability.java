package io.basalt.store.chunk;

/// What it takes on this device to make a write durable.
public enum Durability {
    /// The device's acknowledgement is durable (power-loss protection, or no volatile cache).
    PLP,
    /// Each write is forced past the device's volatile cache (FUA).
    FUA,
    /// Writes are durable after the next flush; front ends advertise a volatile cache.
    FLUSH
}
